"""What is raised where a network has no value of a quantity."""


class UndefinedScoreError(Exception):
    """A proxy has no value for this network; the message says why and becomes its status."""

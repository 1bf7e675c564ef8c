"""Name evolved programs. The Snakefile imports this module at every start, so that it imports no torch."""

METHOD = "eznas"
"""The method that evolves programs, as its files name it."""


def program_name(training_set: str, repeat: int) -> str:
    """Return the name of the program that a repeat evolves."""
    return f"{METHOD}/{training_set}/seed-{repeat}"

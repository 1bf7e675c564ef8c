"""Name programs that have no file of their own. The Snakefile imports this module, so it imports no torch.

Names of published programs are those of proxies, and have no slash in them.
"""

METHOD = "eznas"
"""The method that evolves programs, as its files name it."""

IMAGES = "eznas_images"
"""The number of images that programs are evaluated on: beside scores, but it says nothing of a network."""

SLASH = "/"


def program_name(training_set: str, repeat: int, *, median: bool = False) -> str:
    """Return the name of the fittest program of a repeat, or of the median one of its last population."""
    return f"{METHOD}{SLASH}{training_set}{SLASH}seed-{repeat}{'-median' if median else ''}"


def of_tensor(published: str, tensor: str) -> str:
    """Return the name of a published program of one tensor, applied to another tensor."""
    return f"{published}{SLASH}{tensor}"


def is_program(name: str) -> bool:
    """Return whether ``name`` is that of a program without a file of its own among the proxies."""
    return SLASH in name


def is_score(name: str) -> bool:
    """Return whether ``name``, of a column of scores, is that of a score of networks: all but IMAGES."""
    return name != IMAGES


def is_evolved(name: str) -> bool:
    """Return whether ``name`` is that of an evolved program."""
    return name.startswith(METHOD + SLASH)

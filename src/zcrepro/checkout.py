"""Locate files of the repository that the package runs from: configuration, resources and documents."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2]
"""Root of the clone, if the package is installed from one in editable mode, as `make` does."""


def path(name: str) -> Path:
    """Return the path of a file or folder of the clone, independent of the working directory.

    Raises ValueError, which says how to install the package, if it does not run from a clone.
    """
    found = FOLDER / name
    if not found.exists():
        raise ValueError(
            f"{name} is a part of the repository, and this zcrepro is not installed from a clone of it; "
            "clone the repository and run pip install --editable . in it"
        )
    return found

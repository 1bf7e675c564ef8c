"""Locate files of the repository that the package runs from: configuration, resources and documents."""

import subprocess
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


def commit() -> str:
    """Return the commit of the clone, with a plus if files differ from it; empty without git or a clone."""
    head = _git("rev-parse", "--verify", "HEAD")
    return f"{head}+" if head and _git("status", "--porcelain", "--untracked-files=no") else head


def _git(*arguments: str) -> str:
    """Return what a command of git says about the clone, or an empty string if it fails."""
    if not (FOLDER / ".git").exists():
        return ""  # git would answer for a repository around this one
    try:
        found = subprocess.run(["git", "-C", FOLDER, *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.stdout.strip()

"""Locate files of the repository that commands read: resources and the list of benchmarks."""

import subprocess
from pathlib import Path

SHIPPED = Path(__file__).with_name("shipped")
"""Copies of some files of the repository, which only a wheel contains (``pyproject.toml`` lists them)."""

FOLDER = SHIPPED if SHIPPED.is_dir() else Path(__file__).resolve().parents[2]
"""Root of the clone that the package runs from, or the folder with the copies in an installed wheel."""


def path(name: str) -> Path:
    """Return the path of a file or folder of the repository, independent of the working directory.

    Raises ValueError, which says how to get it, if the installed package does not contain it.
    """
    found = FOLDER / name
    if not found.exists():
        raise ValueError(
            f"{name} is a part of the repository that the installed zcrepro does not contain; "
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

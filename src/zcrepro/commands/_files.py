"""Check the files that a command is given."""

from pathlib import Path


def existing(path: Path) -> Path:
    """Return ``path``. Raises ValueError if it does not exist, or if it is a folder."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder, and a file is needed")
    if not path.exists():
        raise ValueError(f"{path} does not exist{'' if path.is_absolute() else f' in {Path.cwd()}'}")
    return path

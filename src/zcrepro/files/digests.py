"""SHA-256 of files and folders, as ``sha256sum`` computes it."""

import hashlib
from collections.abc import Sequence
from pathlib import Path


def of_files(names: Sequence[str], root: Path) -> str:
    """Return the digest of the only file, or that of what ``sha256sum`` prints of several ones.

    The names are relative to ``root`` and stand in what is printed. The digest of no file is empty.
    """
    digests = [hashlib.sha256((root / name).read_bytes()).hexdigest() for name in names]
    if len(names) < 2:
        return "".join(digests)
    lines = (f"{digest}  {name}\n" for digest, name in zip(digests, names, strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()

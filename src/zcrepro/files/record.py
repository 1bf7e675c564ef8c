"""Vouch for text files that cannot hold a digest: a sealed JSON beside them holds theirs.

The record of ``name.csv``, ``name.md`` and ``name.tex`` is ``name.json``.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from zcrepro.files.errors import RUN_AGAIN, broken
from zcrepro.files.json import read_sealed, write_sealed

PROVENANCE = "provenance"

SUFFIXES = (".csv", ".md", ".tex")
"""What a record may vouch for."""


def path_for(path: Path) -> Path:
    """Return the path of the record of a file."""
    return path.with_suffix(".json")


def write(files: Iterable[Path], made: Mapping[str, str]) -> None:
    """Write the record of files that differ in their suffix alone, and how they were made."""
    files = list(files)
    digests = {path.suffix[1:]: digest(path.read_bytes()) for path in files}
    write_sealed(path_for(files[0]), {PROVENANCE: dict(made)} | digests)


def check(path: Path) -> None:
    """Raise BrokenFileError unless a file is as it was when its record was written."""
    beside = path_for(path)
    if not beside.is_file():
        raise broken(path, f"its record {beside.name} is missing", RUN_AGAIN)
    if read_sealed(beside).get(path.suffix[1:]) != digest(path.read_bytes()):
        raise broken(path, f"it differs from its record {beside.name}", RUN_AGAIN)


def digest(content: bytes) -> str:
    """Return the SHA-256 of a content in hexadecimal."""
    return hashlib.sha256(content).hexdigest()

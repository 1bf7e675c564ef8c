"""Verify fetched files by their listed digests, each state of a file once.

After a file is verified, its size and times are noted in ``.verified`` beside it, as Git notes those of the
files in its index. A file with the noted size and times is not read again; any write to it changes them.

Only the standard library is imported here, because the Snakefile imports this module at every start.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from zcrepro.fetching.datasets import UNKNOWN, checked_digest
from zcrepro.files.atomic import write_text

FOLDER = ".verified"
BLOCK = 1 << 20


def difference(path: Path, digest: str) -> str:
    """Return what tells a file from the listed one, an empty string if nothing does.

    ``digest`` is that of the list, such as ``sha256:0f...``.
    """
    note, state = path.parent / FOLDER / path.name, _state(path, digest)
    with suppress(OSError, UnicodeDecodeError):
        if note.read_text(encoding="utf-8") == state:
            return ""
    found = file_digest(path, checked_digest(digest)[0])
    if found != digest:
        return f"{path} is not the listed file: expected {digest}, found {found}"
    with suppress(OSError):  # a folder that cannot be written to: the file is verified again next time
        write_text(note, state)
    return ""


def check(path: Path, digest: str) -> None:
    """Raise ValueError, which names expected and found digest, unless a file has the listed digest."""
    if found := difference(path, digest):
        raise ValueError(f"{found}; delete it and run snakemake again, which fetches it")


def matches(path: Path, digest: str) -> bool:
    """Return whether a file has the digest; an unknown digest matches no file."""
    return digest != UNKNOWN and file_digest(path, checked_digest(digest)[0]) == digest


def file_digest(path: Path, algorithm: str) -> str:
    """Return the digest of a file, with the algorithm as its prefix."""
    if algorithm == "git-blob":
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    else:
        digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return f"{algorithm}:{digest.hexdigest()}"


def _state(path: Path, digest: str) -> str:
    """Return the size and times of a file. The time of the last change of its inode cannot be set back."""
    found = path.stat()
    return f"{digest} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}\n"

"""Read members of tar and zip archives."""

import bz2
import gzip
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from zcrepro.files.errors import FETCH_AGAIN, reading

BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OverflowError,
    RuntimeError,  # zipfile's for a member that seems encrypted or compressed in another way
    struct.error,
)
"""Exceptions raised while reading a damaged archive."""


@contextmanager
def member(opened: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """Yield one member of an open zip or tar archive as a binary file; no other member is read.

    Raises ValueError if the archive has no such member or the member is not a regular file. Raises one of
    BROKEN if the archive is damaged or is neither a zip nor a tar archive.
    """
    if zipfile.is_zipfile(opened):
        with zipfile.ZipFile(opened) as archive, archive.open(_listed(name, archive.namelist())) as inside:
            yield inside
        return
    opened.seek(0)
    if not tarfile.is_tarfile(opened):
        raise tarfile.ReadError("neither a zip nor a tar archive")
    opened.seek(0)
    with tarfile.open(fileobj=opened) as tar:
        entry = tar.getmember(_listed(name, tar.getnames()))
        file = tar.extractfile(entry) if entry.isreg() else None  # a link may lead anywhere
        if file is None:
            raise ValueError(f"{name} is not a regular file in the archive")
        with file:
            yield file


def zip_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each member for which ``wanted(name)`` is true, sorted by name.

    Raises ValueError, which names the file and the remedy, if the archive is damaged.
    """
    with reading(path, FETCH_AGAIN), zipfile.ZipFile(path) as archive:
        for name in sorted(filter(wanted, archive.namelist())):
            yield name, archive.read(name)


@contextmanager
def tar_of_bzip2(path: Path, pattern: re.Pattern[str]) -> Iterator[Sequence[tuple[str, Callable[[], bytes]]]]:
    """Yield (name, function that reads it) for each tar member whose base name matches ``pattern``.

    Each member is compressed with bzip2 and is decompressed as a whole, because a checksum ends it. Raises
    ValueError, which names the file and the remedy, if the archive is damaged.
    """
    with reading(path, FETCH_AGAIN), tarfile.open(path, "r:") as archive:
        entries = [e for e in archive.getmembers() if pattern.fullmatch(PurePosixPath(e.name).name)]
        yield [(entry.name, _reader(path, archive, entry)) for entry in entries]


def _reader(path: Path, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with reading(f"{path}: {entry.name}", FETCH_AGAIN):
            return bz2.decompress(archive.extractfile(entry).read())  # type: ignore[union-attr]  # a file

    return read


def _listed(name: str, names: list[str]) -> str:
    if name not in names:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise ValueError(f"the archive has no member {name}; it has {shown}")
    return name

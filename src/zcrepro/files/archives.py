"""Read members of tar and zip archives."""

import bz2
import gzip
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
)
"""What reading a damaged archive raises."""


@contextmanager
def member(opened: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """Yield the bytes of one member of an open zip or tar archive; nothing else of it is read.

    Raises ValueError if there is no such member or it is not a regular file, and one of BROKEN if the
    archive is damaged or is neither.
    """
    if zipfile.is_zipfile(opened):
        with zipfile.ZipFile(opened) as archive, archive.open(_listed(name, archive.namelist())) as inside:
            yield inside
        return
    opened.seek(0)
    if not tarfile.is_tarfile(opened):
        raise tarfile.ReadError("it is neither a zip nor a tar archive")
    opened.seek(0)
    with tarfile.open(fileobj=opened) as tar:
        entry = tar.getmember(_listed(name, tar.getnames()))
        file = tar.extractfile(entry) if entry.isreg() else None  # a link may lead anywhere
        if file is None:
            raise ValueError(f"{name} is not a regular file in its archive")
        with file:
            yield file


def zip_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the members whose name is ``wanted``, in the order of their names.

    Raises ValueError that names the file if it is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(filter(wanted, archive.namelist())):
                yield name, archive.read(name)
    except BROKEN as error:
        raise ValueError(_damaged(path, error)) from error


@contextmanager
def tar_of_bzip2(
    path: Path, pattern: re.Pattern[str]
) -> Iterator[Sequence[tuple[str, Callable[[], IO[bytes]]]]]:
    """Yield the members whose base name matches ``pattern``: their names, and functions that open them.

    Each member is compressed by bzip2. Raises ValueError that names the file if it is damaged.
    """
    try:
        with tarfile.open(path) as archive:
            entries = [e for e in archive.getmembers() if pattern.fullmatch(PurePosixPath(e.name).name)]
            yield [(entry.name, _opener(archive, entry)) for entry in entries]
    except BROKEN as error:
        raise ValueError(_damaged(path, error)) from error


def _opener(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    return lambda: bz2.open(archive.extractfile(entry))  # type: ignore[arg-type]  # a regular file


def _listed(name: str, names: list[str]) -> str:
    if name not in names:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise ValueError(f"its archive has no member {name}; it has {shown}")
    return name


def _damaged(path: Path, error: Exception) -> str:
    return f"{path} is not a whole archive ({error}); delete it and fetch it again"

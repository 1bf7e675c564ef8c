"""Read members of tar and zip archives."""

import bz2
import re
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path, PurePosixPath
from typing import IO

from zcrepro.files.errors import FETCH_AGAIN, reading

BLOCK = 1 << 20
LONGEST_HEADER = 1 << 20  # bytes; a longer one is damaged or an attack, since it is read into memory at once
EXPANSION, SMALL = 100, 1 << 24


def most(listed: int | None, compressed: int) -> int:
    """Return the number of bytes at which decompression stops: the listed size, or a bound without one.

    A small archive can expand to any size. The bound is ``EXPANSION`` times the compressed size or ``SMALL``
    bytes, whichever is more.
    """
    return max(SMALL, EXPANSION * compressed) if listed is None else listed


def member(opened: IO[bytes], name: str, limit: int) -> Iterator[bytes]:
    """Yield the content of one member of an open zip or tar archive in blocks; no other member is read.

    Raises ValueError if the archive has no such member, the member is not a regular file, or it has more than
    ``limit`` bytes; no more of it is decompressed. A damaged archive may raise any exception.
    """
    if zipfile.is_zipfile(opened):
        with zipfile.ZipFile(opened) as archive, archive.open(_in_zip(archive, name)) as inside:
            yield from up_to(limit, inside, name)
        return
    opened.seek(0)
    with _tar(opened) as tar:
        entry = tar.getmember(_listed(name, tar.getnames()))
        file = tar.extractfile(entry) if entry.isreg() else None  # a link may lead anywhere
        if file is None:
            raise ValueError(f"{name} is not a regular file in the archive")
        with file:
            yield from up_to(limit, file, name)


def up_to(limit: int, file: IO[bytes] | BufferedIOBase, name: str) -> Iterator[bytes]:
    """Yield the content of a file in blocks. Raises ValueError if it has more than ``limit`` bytes."""
    read = 0
    while block := file.read(min(BLOCK, limit - read + 1)):
        read += len(block)
        if read > limit:
            raise ValueError(f"{name} has more than {limit} bytes, at which reading it stopped")
        yield block


def zip_members(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each member for which ``wanted(name)`` is true, sorted by name.

    Raises BrokenFileError, which names the file and the remedy, if the archive is damaged.
    """
    with reading(path, FETCH_AGAIN), zipfile.ZipFile(path) as archive:
        for name in sorted(filter(wanted, archive.namelist())):
            yield name, archive.read(name)


@contextmanager
def tar_of_bzip2(path: Path, pattern: re.Pattern[str]) -> Iterator[Sequence[tuple[str, Callable[[], bytes]]]]:
    """Yield (name, function that reads it) for each tar member whose base name matches ``pattern``.

    Each member is compressed with bzip2 and is decompressed as a whole, because a checksum ends it. Raises
    BrokenFileError, which names the file and the remedy, if the archive is damaged.
    """
    with reading(path, FETCH_AGAIN), path.open("rb") as opened, _tar(opened) as archive:
        entries = [e for e in archive.getmembers() if pattern.fullmatch(PurePosixPath(e.name).name)]
        yield [(entry.name, _reader(path, archive, entry)) for entry in entries]


class _Header(tarfile.TarInfo):
    """The header of a tar member, of which a damaged one is an error.

    Otherwise Python takes it for the end of the archive, and all later members are lost without a word.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Header":
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if isinstance(error, tarfile.EOFHeaderError):  # type: ignore[attr-defined]
                raise  # a block of zeros, which ends every archive
            raise tarfile.ReadError(f"a header of the archive is damaged: {error}") from error
        if not header.isreg() and header.size > LONGEST_HEADER:
            raise ValueError(f"a header of the archive has {header.size} bytes")
        return header


def _tar(opened: IO[bytes]) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=opened, tarinfo=_Header)
    except tarfile.ReadError as error:  # its text is a list of what every known compression says
        raise ValueError("it is neither a zip nor a tar archive, or damaged at its beginning") from error


def _reader(path: Path, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        with reading(f"{path}: {entry.name}", FETCH_AGAIN):
            return bz2.decompress(archive.extractfile(entry).read())  # type: ignore[union-attr]  # a file

    return read


def _in_zip(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    entry = archive.getinfo(_listed(name, archive.namelist()))
    if stat.S_ISLNK(entry.external_attr >> 16):  # the mode of the file on Unix
        raise ValueError(f"{name} is not a regular file in the archive")
    return entry


def _listed(name: str, names: list[str]) -> str:
    if name not in names:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise ValueError(f"the archive has no member {name}; it has {shown or 'none'}")
    return name

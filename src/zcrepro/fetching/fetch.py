"""Fetch one listed file from a mirror folder or its URL, and verify it.

The environment variable ``ZCREPRO_MIRROR`` names the mirror. It holds a file under the file's own name. An
archive of which the file is a member may have the file's name, or lie in the same folder under its own name.
A mirror copy that differs from the list is an error; the file is not downloaded instead.

The file appears at its destination only after its size and digest are verified. A file without a published
digest is refused, with an error that says how to trust it.
"""

import errno
import fcntl
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

from zcrepro import settings
from zcrepro.fetching.datasets import NO_URL, UNKNOWN, checked_digest, checked_path
from zcrepro.fetching.download import FULL_DISK, RemoteFile, download, no_room
from zcrepro.fetching.verified import file_digest, matches
from zcrepro.files import archives
from zcrepro.files.atomic import replacement
from zcrepro.files.errors import reading

MIRROR = "ZCREPRO_MIRROR"

BLOCK = 1 << 20
NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}  # from cluster file systems without locks


@dataclass(frozen=True)
class FetchSettings:
    """One row of the dataset list, without licence and citation.

    ``digest`` is the digest of what the URL serves, or ``unknown``. ``bytes`` is the size of the final file,
    or None if it is not known. If the URL serves an archive, ``bytes`` is the size of the member.
    """

    name: str
    url: str
    member: str
    member_digest: str
    digest: str
    bytes: int | None

    def __post_init__(self) -> None:
        checked_path(self.name, "name")
        if self.digest != UNKNOWN:
            checked_digest(self.digest)
        if self.member:
            checked_path(self.member, f"{self.name}: member")
            checked_digest(self.member_digest)

    @property
    def final_digest(self) -> str:
        """Return the digest of the final file."""
        return self.member_digest if self.member else self.digest


class UnknownDigestError(ValueError):
    """Error for a file without a published digest; the file is kept, but not used."""


def fetch(*, settings_file: Path, output: Path) -> None:
    """Fetch one listed file and verify it.

    Parameters
    ----------
    settings_file
        JSON of FetchSettings: one row of config/datasets.tsv.
    output
        Path of the file. It appears there complete and verified, or not at all.
    """
    wanted = settings.load(settings_file, FetchSettings)
    output.parent.mkdir(parents=True, exist_ok=True)
    with alone(output):
        if not _is_right(output, wanted):  # a concurrent fetch may have finished it during the wait
            _fetch(wanted, output)
        for left in _leftovers(output):
            left.unlink()


@contextmanager
def alone(output: Path) -> Iterator[None]:
    """Hold a lock on ``output``, so that a concurrent fetch of it waits here.

    The operating system releases the lock when its holder ends, even if it is killed.
    """
    path = output.with_name(f".{output.name}.lock")
    while True:
        with path.open("w") as file:
            _lock(file, output)
            if not _is_open(path, file):
                continue  # its last holder has removed it, and another process may have made a new one
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def in_mirror(wanted: FetchSettings) -> Path | None:
    """Return the path of the file or of its archive in the mirror, or None if it is not there.

    Raises ValueError if the mirror is not a folder.
    """
    if not os.environ.get(MIRROR):
        return None
    folder = Path(os.environ[MIRROR])
    if not folder.is_dir():
        raise ValueError(f"{MIRROR} is {folder}, which is not a folder; correct it, or unset it to download")
    candidates = [folder / wanted.name]
    if wanted.member:
        candidates.append(candidates[0].with_name(_archive_name(wanted)))
    return next((path for path in candidates if path.is_file()), None)


def place(candidate: Path, wanted: FetchSettings, output: Path, remedy: str) -> None:
    """Verify a file, extract the member if it is an archive, and move the result to ``output``.

    Raises ValueError, which states the file, the expected and found digest, and ``remedy``;
    UnknownDigestError if no digest is known; OSError if the disk is full.
    """
    if wanted.final_digest == UNKNOWN:
        raise UnknownDigestError(_how_to_trust(wanted, candidate))
    try:
        with candidate.open("rb") as opened, replacement(output) as temporary:
            if not wanted.member or matches(candidate, wanted.final_digest):
                _copy(opened, temporary)
            elif wanted.digest == UNKNOWN or matches(candidate, wanted.digest):
                _take_out(opened, wanted, candidate, temporary, remedy)
            else:
                expected = f"{wanted.digest} (the archive) or {wanted.final_digest} (its member)"
                raise ValueError(
                    _differs(wanted, candidate, expected, _found(candidate, wanted.digest), remedy)
                )
            if not _is_right(temporary, wanted):
                found = _found(temporary, wanted.final_digest)
                raise ValueError(_differs(wanted, candidate, _expected(wanted), found, remedy))
    except OSError as error:
        if error.errno in FULL_DISK:
            raise no_room(wanted.name, output.parent, wanted.bytes or candidate.stat().st_size) from error
        raise


def _fetch(wanted: FetchSettings, output: Path) -> None:
    mirrored = in_mirror(wanted)
    if mirrored is not None:
        place(mirrored, wanted, output, remedy=f"replace that copy, or unset {MIRROR} to download the file")
        return
    if wanted.url == NO_URL:
        raise ValueError(f"{wanted.name} has no public address: {_mirror_hint(wanted)}")
    # The name contains the URL's hash, so that a partial file is never continued from another URL.
    of_url = hashlib.sha256(wanted.url.encode()).hexdigest()[:12]
    partial = output.with_name(f".{output.name}.{of_url}.partial")
    _download(wanted, partial)
    remedy = (
        "the download was deleted; run again. If it differs again, the URL now serves another file; "
        + _mirror_hint(wanted)
    )
    try:
        place(partial, wanted, output, remedy)
    except UnknownDigestError:
        raise  # keep the download: it can be used as soon as the list holds its digest
    except ValueError:
        partial.unlink()
        raise


def _download(wanted: FetchSettings, partial: Path) -> None:
    size = None if wanted.member else wanted.bytes
    remote = RemoteFile(wanted.name, wanted.url, size, lambda path: matches(path, wanted.digest))
    try:
        download(remote, partial)
    except ConnectionError as error:
        raise ConnectionError(
            f"cannot fetch {wanted.name} from {wanted.url}: {error}. Check the network and run again "
            "(the bytes received so far are kept). If that does not help, get the file in another "
            f"way, such as with a browser: {_mirror_hint(wanted)}"
        ) from error


def _lock(file: IO[str], output: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"{output}: waiting for another fetch of this file", file=sys.stderr, flush=True)
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        print(f"{output}: the file system has no locks; do not fetch it twice at once", file=sys.stderr)


def _is_open(path: Path, file: IO[str]) -> bool:
    """Return whether ``path`` still names the open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _is_right(path: Path, wanted: FetchSettings) -> bool:
    """Return whether the final file exists with the listed size and digest."""
    if not path.is_file() or wanted.bytes not in (None, path.stat().st_size):
        return False
    return matches(path, wanted.final_digest)


def _leftovers(output: Path) -> list[Path]:
    """List the partial files of this fetch and of earlier ones that were killed."""
    own = re.compile(rf"\.{re.escape(output.name)}\.[0-9a-f]+\.partial(\.unpacked)?")
    return [path for path in output.parent.iterdir() if own.fullmatch(path.name)]


def _take_out(opened: IO[bytes], wanted: FetchSettings, candidate: Path, target: Path, remedy: str) -> None:
    with target.open("wb") as file:
        for block in _member(opened, wanted, candidate, remedy):
            file.write(block)


def _member(opened: IO[bytes], wanted: FetchSettings, candidate: Path, remedy: str) -> Iterator[bytes]:
    """Yield the content of the member in blocks. An error of writing them is not one of the archive."""
    with reading(f"{wanted.name}: {candidate}", remedy):
        limit = archives.most(wanted.bytes, candidate.stat().st_size)
        yield from archives.member(opened, wanted.member, limit)


def _expected(wanted: FetchSettings) -> str:
    return wanted.final_digest if wanted.bytes is None else f"{wanted.final_digest}, {wanted.bytes} bytes"


def _found(path: Path, like: str) -> str:
    return f"{file_digest(path, checked_digest(like)[0])}, {path.stat().st_size} bytes"


def _differs(wanted: FetchSettings, candidate: Path, expected: str, found: str, remedy: str) -> str:
    return f"{wanted.name}: {candidate} is not the listed file: expected {expected}; found {found}; {remedy}"


def _how_to_trust(wanted: FetchSettings, candidate: Path) -> str:
    digest, size = file_digest(candidate, "sha256"), candidate.stat().st_size
    cells = "\t".join([wanted.name, wanted.url, "", "", digest, str(size)])
    return (
        f"{wanted.name}: no digest is published, so {candidate} cannot be verified. It has "
        f"{digest} and {size} bytes. Compare them with another copy if there is one. To trust it, let its "
        f"line of config/datasets.tsv start with\n{cells}\nand run again (it is not downloaded twice)."
    )


def _copy(content: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(content, file, BLOCK)


def _archive_name(wanted: FetchSettings) -> str:
    return PurePosixPath(urlsplit(wanted.url).path).name


def _mirror_hint(wanted: FetchSettings) -> str:
    return f"set {MIRROR} to a folder that holds the right one as {wanted.name}."

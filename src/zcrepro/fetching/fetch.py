"""Fetches one listed file: from a folder that holds copies, else from its URL; never one that differs.

The folder is named by the environment variable ``ZCREPRO_MIRROR``. It holds a file under its own
name, or the archive that the file is a member of, under the file's name or beside it under the
archive's. A file there that differs from what is listed is an error: it is not passed over in
silence for the network.

A file gets its name when its size and digest are right, and not before. One that nobody has
published a digest of is refused; the error says what to write into the list to trust it.
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
from zcrepro.fetching.datasets import UNKNOWN, checked_digest, checked_path
from zcrepro.fetching.download import FULL_DISK, Source, download, no_room
from zcrepro.files import archives
from zcrepro.files.atomic import replacement

MIRROR = "ZCREPRO_MIRROR"

BLOCK = 1 << 20
NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}  # some file systems of clusters


@dataclass(frozen=True)
class FetchSettings:
    """One row of the dataset list, without licence and citation.

    ``digest`` is of what the URL serves, or ``unknown``. ``bytes`` is the size of the final file,
    None where nobody says it: of the member, where the URL serves an archive, whose own size is not
    recorded.
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
        """The digest of the final file."""
        return self.member_digest if self.member else self.digest


class UnknownDigestError(ValueError):
    """A file that nobody has published a digest of: it is kept, but not used."""


def fetch(*, settings_file: Path, output: Path) -> None:
    """Fetch one listed file and verify it.

    Parameters
    ----------
    settings_file
        JSON of FetchSettings: one row of config/datasets.tsv.
    output
        Where the file goes; it appears there whole and verified, or not at all.
    """
    wanted = settings.load(settings_file, FetchSettings)
    output.parent.mkdir(parents=True, exist_ok=True)
    with alone(output):
        if not _is_right(output, wanted):  # it is where another fetch was under way
            _fetch(wanted, output)
        for left in _leftovers(output):
            left.unlink()


@contextmanager
def alone(output: Path) -> Iterator[None]:
    """While this runs, nobody else fetches ``output``: a second fetch waits here for the first.

    The system takes the lock back when its holder ends, however it ends.
    """
    path = output.with_name(f".{output.name}.lock")
    while True:
        with path.open("w") as file:
            _lock(file, output)
            if not _is_open(path, file):
                continue  # its last holder has removed it, and somebody may have made a new one
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def in_mirror(wanted: FetchSettings) -> Path | None:
    """The mirror's copy of the file or of its archive, or None.

    Raises ValueError where the mirror is no folder.
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


def place(source: Path, wanted: FetchSettings, output: Path, remedy: str) -> None:
    """Verify ``source``, take the member out where it is an archive, and put the file in its place.

    Raises ValueError that names the file, what was expected, what was found, and ``remedy``;
    UnknownDigestError where nothing is known to expect; OSError when the disk is full.
    """
    if wanted.final_digest == UNKNOWN:
        raise UnknownDigestError(_how_to_trust(wanted, source))
    try:
        with source.open("rb") as opened, replacement(output) as temporary:
            if not wanted.member or matches(source, wanted.final_digest):
                _copy(opened, temporary)
            elif wanted.digest == UNKNOWN or matches(source, wanted.digest):
                _take_out(opened, wanted, source, temporary, remedy)
            else:
                expected = f"{wanted.digest} (the archive) or {wanted.final_digest} (its member)"
                raise ValueError(_differs(wanted, source, expected, _found(source, wanted.digest), remedy))
            if not _is_right(temporary, wanted):
                found = _found(temporary, wanted.final_digest)
                raise ValueError(_differs(wanted, source, _expected(wanted), found, remedy))
    except OSError as error:
        if error.errno in FULL_DISK:
            raise no_room(wanted.name, output.parent, wanted.bytes or source.stat().st_size) from error
        raise


def matches(path: Path, digest: str) -> bool:
    """Whether a file has a digest; no file has an unknown one."""
    return digest != UNKNOWN and file_digest(path, checked_digest(digest)[0]) == digest


def file_digest(path: Path, algorithm: str) -> str:
    """The digest of a file, with its algorithm before it."""
    if algorithm == "git-blob":
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    else:
        digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return f"{algorithm}:{digest.hexdigest()}"


def _fetch(wanted: FetchSettings, output: Path) -> None:
    mirrored = in_mirror(wanted)
    if mirrored is not None:
        place(mirrored, wanted, output, remedy=f"Replace that copy, or unset {MIRROR} to download the file.")
        return
    # Named by the URL, so that what was begun is never continued with another file's rest.
    of_url = hashlib.sha256(wanted.url.encode()).hexdigest()[:12]
    partial = output.with_name(f".{output.name}.{of_url}.partial")
    _download(wanted, partial)
    remedy = (
        "The download was deleted: run again. If it differs again, the URL serves another file now; "
        + _mirror_hint(wanted)
    )
    try:
        place(partial, wanted, output, remedy)
    except UnknownDigestError:
        raise  # it need not be downloaded again once its digest is in the list
    except ValueError:
        partial.unlink()
        raise


def _download(wanted: FetchSettings, partial: Path) -> None:
    size = None if wanted.member else wanted.bytes
    source = Source(wanted.name, wanted.url, size, lambda path: matches(path, wanted.digest))
    try:
        download(source, partial)
    except ConnectionError as error:
        raise ConnectionError(
            f"cannot fetch {wanted.name} from {wanted.url}: {error}. Check the network and run again "
            "(what came so far is kept and continued). Where that does not help, get the file in another "
            f"way, such as with a browser: {_mirror_hint(wanted)}"
        ) from error


def _lock(file: IO[str], output: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"{output}: another fetch of it is under way; waiting for it", file=sys.stderr, flush=True)
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        print(f"{output}: there are no locks here; do not fetch it twice at once", file=sys.stderr)


def _is_open(path: Path, file: IO[str]) -> bool:
    """Whether ``path`` is still the name of the open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _is_right(path: Path, wanted: FetchSettings) -> bool:
    if not path.is_file() or wanted.bytes not in (None, path.stat().st_size):
        return False
    return matches(path, wanted.final_digest)


def _leftovers(output: Path) -> list[Path]:
    """The unfinished files of this fetch, and of those before it that were killed."""
    own = re.compile(rf"\.{re.escape(output.name)}\.[0-9a-f]+\.partial(\.unpacked)?")
    return [path for path in output.parent.iterdir() if own.fullmatch(path.name)]


def _take_out(opened: IO[bytes], wanted: FetchSettings, source: Path, target: Path, remedy: str) -> None:
    try:
        with archives.member(opened, wanted.member) as inside:
            _copy(inside, target)
    except archives.BROKEN as error:
        raise ValueError(f"{wanted.name}: {source} is a broken archive ({error}). {remedy}") from error
    except ValueError as error:
        raise ValueError(f"{wanted.name}: {error}") from error


def _expected(wanted: FetchSettings) -> str:
    return wanted.final_digest if wanted.bytes is None else f"{wanted.final_digest}, {wanted.bytes} bytes"


def _found(path: Path, like: str) -> str:
    return f"{file_digest(path, checked_digest(like)[0])}, {path.stat().st_size} bytes"


def _differs(wanted: FetchSettings, source: Path, expected: str, found: str, remedy: str) -> str:
    return f"{wanted.name}: {source} is not the listed file: expected {expected}; found {found}. {remedy}"


def _how_to_trust(wanted: FetchSettings, source: Path) -> str:
    digest, size = file_digest(source, "sha256"), source.stat().st_size
    cells = "\t".join([wanted.name, wanted.url, "", "", digest, str(size)])
    return (
        f"{wanted.name}: nobody has published its digest, so nothing vouches for {source}, which has "
        f"{digest} and {size} bytes. Compare that with another source if there is one. To trust it, let its "
        f"line of config/datasets.tsv start with\n{cells}\nand run again (it is not downloaded twice)."
    )


def _copy(source: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(source, file, BLOCK)


def _archive_name(wanted: FetchSettings) -> str:
    return PurePosixPath(urlsplit(wanted.url).path).name


def _mirror_hint(wanted: FetchSettings) -> str:
    return f"set {MIRROR} to a folder that holds the right one as {wanted.name}."

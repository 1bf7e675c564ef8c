"""Fetches one pinned file: from a folder that holds copies, else from its URL; never one that differs.

The folder is named by the environment variable ``ZCREPRO_MIRROR``. It holds a file under its own
name, or the archive that the file is a member of, under the file's name or beside it under the
archive's. A file there that differs from what is pinned is an error: it is not passed over in
silence for the network.
"""

import hashlib
import os
import re
import shutil
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

import requests

from zcrepro import files, settings
from zcrepro.datasets import checked_digest, checked_path

MIRROR = "ZCREPRO_MIRROR"

CONNECT_AND_READ_SECONDS = (20, 60)
WAITS = (1.0, 4.0, 15.0)  # seconds before each further attempt
BLOCK = 1 << 20
DOWNLOAD_BLOCK = 1 << 16  # an unfinished block is lost when the connection breaks


@dataclass(frozen=True)
class FetchSettings:
    """One row of the dataset list, without licence and citation.

    ``digest`` is of what the URL serves. ``bytes`` is the size of the final file: of the member,
    where the URL serves an archive, whose own size is not recorded.
    """

    name: str
    url: str
    member: str
    member_sha256: str
    digest: str
    bytes: int

    def __post_init__(self) -> None:
        checked_path(self.name, "name")
        checked_digest(self.digest)
        if self.member:
            checked_path(self.member, f"{self.name}: member")
            checked_digest(f"sha256:{self.member_sha256}")

    @property
    def final_digest(self) -> str:
        """The digest of the final file."""
        return f"sha256:{self.member_sha256}" if self.member else self.digest


class InterruptedDownloadError(Exception):
    """A download that stopped early, or a server that is busy: worth another attempt."""


def fetch(*, settings_file: Path, output: Path) -> None:
    """Fetch one pinned file and verify it.

    Parameters
    ----------
    settings_file
        JSON of FetchSettings: one row of config/datasets.tsv.
    output
        Where the file goes; it appears there whole and verified, or not at all.
    """
    wanted = settings.load(settings_file, FetchSettings)
    output.parent.mkdir(parents=True, exist_ok=True)
    mirrored = in_mirror(wanted)
    if mirrored is not None:
        place(mirrored, wanted, output, remedy=f"Replace that copy, or unset {MIRROR} to download the file.")
        return
    # Named by the digest, so that what was begun is never continued with another file's rest.
    partial = output.with_name(f".{output.name}.{checked_digest(wanted.digest)[1][:12]}.partial")
    download(wanted, partial)
    remedy = (
        "The download was deleted: run again. If it differs again, the URL serves another file now; "
        + _mirror_hint(wanted)
    )
    try:
        place(partial, wanted, output, remedy)
    except ValueError:
        partial.unlink()
        raise
    partial.unlink()


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

    Raises ValueError that names the file, what was expected, what was found, and ``remedy``.
    """
    with source.open("rb") as opened, files.atomic(output) as temporary:
        if not wanted.member or file_digest(source, wanted.final_digest) == wanted.final_digest:
            _copy(opened, temporary)
        elif file_digest(source, wanted.digest) == wanted.digest:
            with _member(opened, wanted) as inside:
                _copy(inside, temporary)
        else:
            expected = f"{wanted.digest} (the archive) or {wanted.final_digest} (its member)"
            raise ValueError(_differs(wanted, source, expected, _found(source, wanted.digest), remedy))
        expected = f"{wanted.final_digest}, {wanted.bytes} bytes"
        found = _found(temporary, wanted.final_digest)
        if found != expected:
            raise ValueError(_differs(wanted, source, expected, found, remedy))


def file_digest(path: Path, like: str) -> str:
    """The digest of a file, by the algorithm of the digest ``like``."""
    algorithm, _ = checked_digest(like)
    if algorithm == "git-blob":
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    else:
        digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return f"{algorithm}:{digest.hexdigest()}"


def download(wanted: FetchSettings, partial: Path) -> None:
    """Everything that the URL serves, in ``partial``; what an earlier attempt left there is continued.

    Raises ConnectionError, which says how to do without the network, when all attempts fail.
    """
    for wait in (*WAITS, None):
        try:
            _attempt(wanted, partial)
            return
        except (requests.RequestException, InterruptedDownloadError) as error:
            if wait is None or not _passing(error):
                raise ConnectionError(
                    f"cannot fetch {wanted.name} from {wanted.url}: {error}. Check the network and run again "
                    f"(what came so far is kept and continued). Where there is none, {_mirror_hint(wanted)}"
                ) from error
            print(f"{wanted.name}: {error}; trying again in {wait:g} s", file=sys.stderr, flush=True)
            time.sleep(wait)


def _attempt(wanted: FetchSettings, partial: Path) -> None:
    start = partial.stat().st_size if partial.is_file() else 0
    if start and file_digest(partial, wanted.digest) == wanted.digest:
        return  # whole already: only the step after the download was interrupted
    headers = {"Accept-Encoding": "identity"}  # a compressed answer could not be continued
    if start:
        headers["Range"] = f"bytes={start}-"
    with requests.get(wanted.url, headers=headers, stream=True, timeout=CONNECT_AND_READ_SECONDS) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            partial.unlink(missing_ok=True)
            raise InterruptedDownloadError(
                "what was kept of an earlier download does not fit; it was deleted"
            )
        answer.raise_for_status()
        continued = start > 0 and _continues(answer, start)
        with partial.open("ab" if continued else "wb") as file:
            for block in answer.iter_content(DOWNLOAD_BLOCK):
                file.write(block)
    received = partial.stat().st_size
    if not wanted.member and received < wanted.bytes:
        raise InterruptedDownloadError(f"the server closed after {received} of {wanted.bytes} bytes")


def _continues(answer: requests.Response, start: int) -> bool:
    """Whether the server sends the rest, not the whole file once more."""
    sent = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return answer.status_code == requests.codes.partial_content and sent is not None and int(sent[1]) == start


def _passing(error: Exception) -> bool:
    """Whether another attempt may help: a refusal (404, 403, a bad URL) stays one."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code in (408, 429)
    return not isinstance(error, ValueError)  # requests' errors for a malformed URL


@contextmanager
def _member(opened: IO[bytes], wanted: FetchSettings) -> Iterator[IO[bytes]]:
    """The member's bytes. Nothing else of the archive is read or written."""
    if zipfile.is_zipfile(opened):
        with zipfile.ZipFile(opened) as archive, archive.open(_listed(wanted, archive.namelist())) as inside:
            yield inside
        return
    opened.seek(0)
    if not tarfile.is_tarfile(opened):
        raise ValueError(f"{wanted.name}: {wanted.url} serves neither a zip nor a tar archive")
    opened.seek(0)
    with tarfile.open(fileobj=opened) as tar:
        entry = tar.getmember(_listed(wanted, tar.getnames()))
        file = tar.extractfile(entry) if entry.isreg() else None  # a link may lead anywhere
        if file is None:
            raise ValueError(f"{wanted.name}: {wanted.member} is not a regular file in its archive")
        with file:
            yield file


def _listed(wanted: FetchSettings, names: list[str]) -> str:
    if wanted.member not in names:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise ValueError(f"{wanted.name}: its archive has no member {wanted.member}; it has {shown}")
    return wanted.member


def _found(path: Path, like: str) -> str:
    return f"{file_digest(path, like)}, {path.stat().st_size} bytes"


def _differs(wanted: FetchSettings, source: Path, expected: str, found: str, remedy: str) -> str:
    return f"{wanted.name}: {source} is not the pinned file: expected {expected}; found {found}. {remedy}"


def _copy(source: IO[bytes], target: Path) -> None:
    with target.open("wb") as file:
        shutil.copyfileobj(source, file, BLOCK)


def _archive_name(wanted: FetchSettings) -> str:
    return PurePosixPath(urlsplit(wanted.url).path).name


def _mirror_hint(wanted: FetchSettings) -> str:
    return f"set {MIRROR} to a folder that holds the right one as {wanted.name}."

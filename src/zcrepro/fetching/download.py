"""Download a file over HTTP: resume, retry with back-off, and refuse a web page in place of a file.

A server may close the connection, be busy, announce a wrong length, or send another range than was requested.
Therefore only the bytes received are counted, and the digest decides afterwards whether they are the right
file.

Bytes are stored as they are sent. Some servers send a .tar.gz with "Content-Encoding: gzip", so this header
does not tell whether the file itself is compressed or the server compressed it for the transfer. The content
is decompressed only if that gives the listed digest.

Google Drive answers a request for a large file with a page that asks for confirmation. The form on that page
is submitted. Any other page is an error that quotes the text of the page, such as "Quota exceeded".
"""

import errno
import gzip
import re
import shutil
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from itertools import chain
from math import inf
from pathlib import Path
from urllib.parse import urljoin

import requests
import urllib3

from zcrepro.files import archives

CONNECT_AND_READ_SECONDS = (20, 60)
WAITS = (1.0, 4.0, 15.0)  # seconds before each retry since the last attempt that made progress
LONGEST_WAIT = 600.0  # seconds; the download fails if the server asks for a longer wait
BLOCK = 1 << 16
LONGEST_PAGE = 1 << 20
FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
PAGE_STARTS = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class RemoteFile:
    """A file to download.

    ``name`` is used in messages. ``size`` is in bytes, or None if it is not known. ``is_whole`` returns
    whether a local file is complete. If it cannot know, it returns False, and the rest is requested from the
    server.
    """

    name: str
    url: str
    size: int | None
    is_whole: Callable[[Path], bool]


class InterruptedDownloadError(Exception):
    """Error for a download that ended early or an answer that does not fit; a retry may succeed."""


class WebPageError(Exception):
    """Error for a web page that was served in place of a file; the message quotes its text."""

    def __init__(self, page: "_Page") -> None:
        super().__init__(f"the server sent a web page instead of the file, which says: {page.text!r}")


def download(remote: RemoteFile, partial: Path) -> None:
    """Download everything that the URL serves into ``partial``, continuing after the bytes it already holds.

    The number of retries starts again whenever an attempt gets farther than all before it. Raises
    ConnectionError with the reason of the last failure, and OSError if the disk is full. In both cases the
    bytes received so far are kept.
    """
    waits, farthest = iter(WAITS), _size(partial)
    while True:
        try:
            _attempt(remote, partial)
            return
        except (requests.RequestException, InterruptedDownloadError, WebPageError) as error:
            if _size(partial) > farthest:
                waits, farthest = iter(WAITS), _size(partial)
            wait = max(next(waits, inf), _asked_wait(error))
            if wait > LONGEST_WAIT or not _is_transient(error):
                raise ConnectionError(f"{error}{_patience(error)}") from error
            print(f"{remote.name}: {error}; retrying in {wait:g} s", file=sys.stderr, flush=True)
            time.sleep(wait)


def no_room(name: str, folder: Path, needed: int | None) -> OSError:
    """Return the error for a full disk. ``needed`` is the size of the whole file in bytes, or None."""
    size = "more" if needed is None else needed
    free = shutil.disk_usage(folder).free
    return OSError(
        errno.ENOSPC, f"{name} needs {size} bytes in {folder}, but {free} are free; make room and run again"
    )


def _attempt(remote: RemoteFile, partial: Path) -> None:
    start = _size(partial)
    if start and remote.is_whole(partial):
        return  # the previous run was interrupted after the download
    with _answer(remote.url, start) as answer:
        first, total = _part(answer)
        refused = answer.status_code == requests.codes.requested_range_not_satisfiable
        if refused and total == start:
            return  # the file is already complete
        if refused or (answer.ok and first not in (0, start)):
            partial.unlink(missing_ok=True)
            raise InterruptedDownloadError(
                f"the server did not send the bytes after byte {start}; the partial file is deleted"
            )
        answer.raise_for_status()
        size = _sent_size(remote, answer)
        expected = total if size is None else size
        received = _receive(remote, answer, partial, first or 0, expected)
    if received < (expected or 1):
        raise InterruptedDownloadError(
            f"the server closed the connection after {received} of {expected or 'an unknown number of'} bytes"
        )
    if _is_labelled(answer) and not remote.is_whole(partial):
        _unpack(remote, partial)


def _receive(
    remote: RemoteFile, answer: requests.Response, partial: Path, start: int, expected: int | None
) -> int:
    """Write the body of the answer after the first ``start`` bytes and return the new size of the file."""
    size = _sent_size(remote, answer)
    received, blocks = start, _blocks(answer, decoded=False)
    beginning = next(blocks, b"")
    if not beginning:
        return received
    if start == 0 and beginning.lstrip().lower().startswith(PAGE_STARTS):
        raise WebPageError(_Page(beginning))
    try:
        with partial.open("ab" if start else "wb") as file:
            for block in chain([beginning], blocks):
                file.write(block)
                received += len(block)
                if size is not None and received > size:
                    break  # a wrong and possibly endless file, which its digest will reveal
    except OSError as error:
        if error.errno in FULL_DISK:
            raise no_room(remote.name, partial.parent, expected) from error
        raise
    return received


def _is_labelled(answer: requests.Response) -> bool:
    """Return whether the answer has a Content-Encoding."""
    return "Content-Encoding" in answer.headers


def _sent_size(remote: RemoteFile, answer: requests.Response) -> int | None:
    """Return the number of bytes the server has to send, or None if a Content-Encoding leaves it open."""
    return None if _is_labelled(answer) else remote.size


def _unpack(remote: RemoteFile, partial: Path) -> None:
    """Replace ``partial`` by its gunzipped content if that is the listed file."""
    unpacked = partial.with_name(f"{partial.name}.unpacked")
    limit = archives.most(remote.size, _size(partial))
    try:
        with gzip.open(partial) as packed, unpacked.open("wb") as file:
            for block in archives.up_to(limit, packed, remote.name):
                file.write(block)
        if remote.is_whole(unpacked):
            unpacked.replace(partial)
    except (gzip.BadGzipFile, zlib.error, EOFError, ValueError):
        pass  # not gzip or too large: the file stays as it was sent, and its digest is reported
    except OSError as error:
        if error.errno in FULL_DISK:
            raise no_room(remote.name, partial.parent, limit) from error
        raise
    finally:
        unpacked.unlink(missing_ok=True)


@contextmanager
def _answer(url: str, start: int) -> Iterator[requests.Response]:
    """Yield the server's answer to a request for the bytes from ``start`` on: a file or an error status."""
    headers = {"Accept-Encoding": "identity"}  # a transfer that the server compresses cannot be resumed
    if start:
        headers["Range"] = f"bytes={start}-"
    with requests.Session() as session:  # a confirmation may need the cookies of the page
        session.headers.update(headers)
        with session.get(url, stream=True, timeout=CONNECT_AND_READ_SECONDS) as answer:
            if not _is_page(answer):
                yield answer
                return
            page = _page(answer)
        if not page.action:
            raise WebPageError(page)
        with _submitted(session, urljoin(answer.url, page.action), page) as answer:
            if _is_page(answer):
                raise WebPageError(_page(answer))
            yield answer


def _submitted(session: requests.Session, action: str, page: "_Page") -> requests.Response:
    """Submit the form of a confirmation page and return the answer."""
    if page.method == "post":
        return session.post(action, data=page.fields, stream=True, timeout=CONNECT_AND_READ_SECONDS)
    return session.get(action, params=page.fields, stream=True, timeout=CONNECT_AND_READ_SECONDS)


class _Page(HTMLParser):
    """The text of a web page, and the fields of Google Drive's confirmation form if it has one."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.action = ""
        self.method = "get"
        self.fields: dict[str, str] = {}
        self._in_form = self._hidden = False
        self._words: list[str] = []
        self.feed(content.decode("utf-8", "replace"))

    @property
    def text(self) -> str:
        """Return the first 300 characters of the visible text."""
        return " ".join(" ".join(self._words).split())[:300]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._hidden = tag in ("script", "style")
        if tag == "form" and values.get("id") == "download-form":
            self._in_form = True
            self.action, self.method = values.get("action", ""), values.get("method", "get").lower()
        elif tag == "input" and self._in_form and "name" in values:
            self.fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False
        self._in_form = self._in_form and tag != "form"

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._words.append(data)


def _is_page(answer: requests.Response) -> bool:
    """Return whether a web page was served in place of a file; an answer with an error status is neither."""
    return answer.ok and answer.headers.get("Content-Type", "").lower().startswith("text/html")


def _page(answer: requests.Response) -> _Page:
    content = b""
    for block in _blocks(answer, decoded=True):
        content += block
        if len(content) > LONGEST_PAGE:
            break
    return _Page(content)


def _blocks(answer: requests.Response, *, decoded: bool) -> Iterator[bytes]:
    """Yield the body of an answer in blocks, as they arrive.

    ``iter_content`` would lose an unfinished block if the connection breaks. ``decoded`` undoes the
    Content-Encoding.
    """
    try:
        while block := answer.raw.read1(BLOCK, decode_content=decoded):
            yield block
    except urllib3.exceptions.HTTPError as error:
        raise InterruptedDownloadError(str(error)) from error


def _part(answer: requests.Response) -> tuple[int | None, int | None]:
    """Return the offset of the first byte in the answer and the size of the whole file.

    Each is None if the answer does not state it.
    """
    if answer.status_code == requests.codes.ok:
        length = answer.headers.get("Content-Length", "")
        return 0, int(length) if length.isdigit() else None
    parts = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", answer.headers.get("Content-Range", ""))
    first, total = parts.groups() if parts else (None, "*")
    return int(first) if first else None, int(total) if total != "*" else None


def _asked_wait(error: Exception) -> float:
    """Return the seconds after which a busy server asks to be tried again (Retry-After), or 0."""
    response = error.response if isinstance(error, requests.HTTPError) else None
    text = response.headers.get("Retry-After", "") if response is not None else ""
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _patience(error: Exception) -> str:
    """Return the wait that the server asked for, as the end of an error message."""
    seconds = _asked_wait(error)
    return f" (the server asks for a wait of {seconds:.0f} s)" if seconds else ""


def _is_transient(error: Exception) -> bool:
    """Return whether a retry may succeed: not after a refusal (403, 404), a malformed URL or a web page."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code in (408, 429)
    return not isinstance(error, (ValueError, WebPageError))  # requests raises ValueError for a bad URL


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0

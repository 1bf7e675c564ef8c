"""Downloads what a URL serves: resumes, retries with back-off, and keeps no web page for a file.

A server may cut the connection, be busy, promise another length than it sends, or send another part
than it was asked for. So only what came is counted. Whether it is the right file is for its digest
to say, afterwards.

Bytes are kept as they are sent. Some servers label a .tar.gz "Content-Encoding: gzip", so that the
label does not tell whether the file itself is compressed or the server compressed it on the way. Only
the digest can tell, so a labelled file is unpacked if that gives the listed file, and not otherwise.

For a large file, Google Drive answers with a page that asks for confirmation: its form is sent off.
Any other page is an error with the page's own words, such as "Quota exceeded".
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

CONNECT_AND_READ_SECONDS = (20, 60)
WAITS = (1.0, 4.0, 15.0)  # seconds before each further attempt that gets no farther
LONGEST_WAIT = 600.0  # seconds; a server that asks for more is given up
BLOCK = 1 << 16
LONGEST_PAGE = 1 << 20
FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
PAGE_STARTS = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class Source:
    """What is to be downloaded, under the name that messages give it.

    ``size``: bytes, None where nobody says it. ``is_whole`` tells a complete file from a part; where
    it cannot know, it says no, and the server is asked for the rest.
    """

    name: str
    url: str
    size: int | None
    is_whole: Callable[[Path], bool]


class InterruptedDownloadError(Exception):
    """A download that stopped early, or an answer that does not fit: worth another attempt."""


class WebPageError(Exception):
    """A web page came where a file was promised; its own words are the message."""

    def __init__(self, page: "_Page") -> None:
        super().__init__(f"a web page came in the file's stead, which says: {page.text!r}")


def download(source: Source, partial: Path) -> None:
    """Everything that the URL serves, in ``partial``; what an earlier attempt left there is continued.

    Attempts are counted anew whenever one gets farther than all before. Raises ConnectionError with
    the reason of the last, and OSError when the disk is full; what came so far is kept.
    """
    waits, farthest = iter(WAITS), _size(partial)
    while True:
        try:
            _attempt(source, partial)
            return
        except (requests.RequestException, InterruptedDownloadError, WebPageError) as error:
            if _size(partial) > farthest:
                waits, farthest = iter(WAITS), _size(partial)
            wait = max(next(waits, inf), _asked_wait(error))
            if wait > LONGEST_WAIT or not _passing(error):
                raise ConnectionError(f"{error}{_patience(error)}") from error
            print(f"{source.name}: {error}; trying again in {wait:g} s", file=sys.stderr, flush=True)
            time.sleep(wait)


def no_room(name: str, folder: Path, needed: int | None) -> OSError:
    """The error for a full disk. ``needed``: bytes of the whole file, None where nobody says it."""
    size = "more" if needed is None else needed
    free = shutil.disk_usage(folder).free
    return OSError(
        errno.ENOSPC, f"{name} needs {size} bytes in {folder}, where {free} are free; make room and run again"
    )


def _attempt(source: Source, partial: Path) -> None:
    start = _size(partial)
    if start and source.is_whole(partial):
        return  # only the step after the download was interrupted
    with _answer(source.url, start) as answer:
        first, total = _part(answer)
        refused = answer.status_code == requests.codes.requested_range_not_satisfiable
        if refused and total == start:
            return  # there is no rest
        if refused or (answer.ok and first not in (0, start)):
            partial.unlink(missing_ok=True)
            raise InterruptedDownloadError(
                f"asked for what follows byte {start}, the server sent no such part; what was kept is deleted"
            )
        answer.raise_for_status()
        size = _sent_size(source, answer)
        expected = total if size is None else size
        received = _receive(source, answer, partial, first or 0, expected)
    if received < (expected or 1):
        raise InterruptedDownloadError(f"the server closed after {received} of {expected or 'some'} bytes")
    if _is_labelled(answer) and not source.is_whole(partial):
        _unpack(source, partial)


def _receive(
    source: Source, answer: requests.Response, partial: Path, start: int, expected: int | None
) -> int:
    """Writes what comes behind the first ``start`` bytes, and returns how many bytes there are then."""
    size = _sent_size(source, answer)
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
                    break  # another file, and perhaps an endless one; its digest will say so
    except OSError as error:
        if error.errno in FULL_DISK:
            raise no_room(source.name, partial.parent, expected) from error
        raise
    return received


def _is_labelled(answer: requests.Response) -> bool:
    return "Content-Encoding" in answer.headers


def _sent_size(source: Source, answer: requests.Response) -> int | None:
    """Return the bytes that the server has to send, None where the label leaves open what it sends."""
    return None if _is_labelled(answer) else source.size


def _unpack(source: Source, partial: Path) -> None:
    """Replace ``partial`` by what it is the gzip of, if that is the listed file."""
    unpacked = partial.with_name(f"{partial.name}.unpacked")
    try:
        with gzip.open(partial) as packed, unpacked.open("wb") as file:
            shutil.copyfileobj(packed, file, BLOCK)
        if source.is_whole(unpacked):
            unpacked.replace(partial)
    except (gzip.BadGzipFile, zlib.error, EOFError):
        pass  # compressed otherwise or not at all: the digest of what was sent is reported
    finally:
        unpacked.unlink(missing_ok=True)


@contextmanager
def _answer(url: str, start: int) -> Iterator[requests.Response]:
    """The server's answer to a request for what follows byte ``start``: a file, or an error status."""
    headers = {"Accept-Encoding": "identity"}  # a compressed answer could not be continued
    if start:
        headers["Range"] = f"bytes={start}-"
    with requests.Session() as session:  # keeps the cookies that a confirmation may need
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
    if page.method == "post":
        return session.post(action, data=page.fields, stream=True, timeout=CONNECT_AND_READ_SECONDS)
    return session.get(action, params=page.fields, stream=True, timeout=CONNECT_AND_READ_SECONDS)


class _Page(HTMLParser):
    """The words of a web page, and the form of Google Drive's confirmation page, where it has one."""

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
        """The first 300 characters that a reader of the page sees."""
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
    """Whether a web page stands where a file should; an error status speaks for itself."""
    return answer.ok and answer.headers.get("Content-Type", "").lower().startswith("text/html")


def _page(answer: requests.Response) -> _Page:
    content = b""
    for block in _blocks(answer, decoded=True):
        content += block
        if len(content) > LONGEST_PAGE:
            break
    return _Page(content)


def _blocks(answer: requests.Response, *, decoded: bool) -> Iterator[bytes]:
    """Yield what comes, as it comes: iter_content would lose an unfinished block when the connection breaks.

    ``decoded`` undoes the Content-Encoding.
    """
    try:
        while block := answer.raw.read1(BLOCK, decode_content=decoded):
            yield block
    except urllib3.exceptions.HTTPError as error:
        raise InterruptedDownloadError(str(error)) from error


def _part(answer: requests.Response) -> tuple[int | None, int | None]:
    """The first byte of the file that the answer holds, and the file's size; None for what is not said."""
    if answer.status_code == requests.codes.ok:
        length = answer.headers.get("Content-Length", "")
        return 0, int(length) if length.isdigit() else None
    parts = re.match(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", answer.headers.get("Content-Range", ""))
    first, total = parts.groups() if parts else (None, "*")
    return int(first) if first else None, int(total) if total != "*" else None


def _asked_wait(error: Exception) -> float:
    """Seconds that a busy server asks to be left alone for, a number or a date; 0 where it does not."""
    response = error.response if isinstance(error, requests.HTTPError) else None
    text = response.headers.get("Retry-After", "") if response is not None else ""
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _patience(error: Exception) -> str:
    seconds = _asked_wait(error)
    return f" (the server asks to be left alone for {seconds:.0f} s)" if seconds else ""


def _passing(error: Exception) -> bool:
    """Whether another attempt may help: a refusal (404, 403, a bad URL, a page) stays one."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code in (408, 429)
    return not isinstance(error, (ValueError, WebPageError))  # requests' errors for a malformed URL


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0

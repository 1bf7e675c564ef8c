import gzip
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from zcrepro.fetching import download as downloads
from zcrepro.fetching import fetch as module
from zcrepro.fetching.datasets import COLUMNS, NO_URL, UNKNOWN, fetch_settings, read_datasets
from zcrepro.fetching.fetch import MIRROR, fetch
from zcrepro.files.atomic import HOST

CONTENT = bytes(range(256)) * 1024  # 256 KiB: more than one block of a download
NOISE = random.Random(0).randbytes(len(CONTENT))  # as long when it is compressed
MEMBER = "batches/data_1.bin"

FETCH = "import sys; from pathlib import Path; from zcrepro.fetching.fetch import fetch; fetch(settings_file=Path(sys.argv[1]), output=Path(sys.argv[2]))"


Settings = dict[str, str | int | None]


class Server:
    """A server of ``content`` that records the requested ranges and can misbehave.

    The first answers have the given ``statuses``. The next ``cuts`` answers end after three quarters of
    their body. ``lie`` is added to the first Content-Length, and ``content_range`` replaces the true one.
    """

    def __init__(
        self,
        content: bytes,
        cuts: int = 0,
        statuses: tuple[int, ...] = (),
        ranges: bool = True,
        lie: int = 0,
        content_range: str = "",
        kind: str = "application/octet-stream",
        retry_after: str = "",
        encoding: str = "",
    ):
        self.content, self.cuts, self.statuses, self.ranges = content, cuts, list(statuses), ranges
        self.lie, self.content_range, self.kind, self.retry_after = lie, content_range, kind, retry_after
        self.encoding = encoding
        self.asked: list[str | None] = []
        self.url = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        self.asked.append(asked)
        if self.statuses:
            request.send_response(self.statuses.pop(0))
            if self.retry_after:
                request.send_header("Retry-After", self.retry_after)
            request.end_headers()
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges else 0
        if start >= len(self.content):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.content)}")
            request.end_headers()
            return
        body = self.content[start:]
        request.send_response(206 if start else 200)
        request.send_header("Content-Type", self.kind)
        request.send_header("Content-Length", str(len(body) + self.lie))
        if self.encoding:
            request.send_header("Content-Encoding", self.encoding)
        self.lie = 0
        if start:
            honest = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
            request.send_header("Content-Range", self.content_range or honest)
        request.end_headers()
        if self.cuts:
            self.cuts -= 1
            body = body[: len(body) * 3 // 4]
        self.send(request, body)

    def send(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        request.wfile.write(body)


class Drive(Server):
    """A server like Google Drive: it sends a confirmation page, and the file once its form is submitted."""

    FIELDS = "id=abc&export=download&confirm=t&uuid=0f-1"

    def __init__(self, content: bytes, method: str = "get", **settings: int):
        super().__init__(content, **settings)
        self.method = method
        self.page = f"""<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title><style>p {{}}</style>
            </head><body><p>Too large to scan.</p><form id="download-form" action="/download" method="{method}">
            <input type="submit" value="Download anyway"/><input type="hidden" name="id" value="abc">
            <input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">
            <input type="hidden" name="uuid" value="0f-1"></form></body></html>"""
        self.pages = 0

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        address = urlsplit(request.path)
        sent = address.query
        if request.command == "POST":
            sent = request.rfile.read(int(request.headers["Content-Length"])).decode()
        confirmed = address.path == "/download" and parse_qs(sent) == parse_qs(self.FIELDS)
        if confirmed and request.command.lower() == self.method:
            super().answer(request)
            return
        self.pages += 1
        request.send_response(200)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        request.end_headers()
        request.wfile.write(self.page.encode())


class Stalling(Server):
    """A server that sends half of the file, and the rest once ``go_on`` is set."""

    def __init__(self, content: bytes):
        super().__init__(content)
        self.half_sent, self.go_on = threading.Event(), threading.Event()

    def send(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        request.wfile.write(body[: len(body) // 2])
        self.half_sent.set()
        assert self.go_on.wait(20)
        request.wfile.write(body[len(body) // 2 :])


@contextmanager
def serving(server: Server, path: str = "/files/archive.bin") -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):  # the client may leave in between
                server.answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}{path}"
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.fixture(autouse=True)
def _quick_and_alone(monkeypatch):
    monkeypatch.setattr(downloads, "WAITS", (0.0, 0.0))
    monkeypatch.delenv(MIRROR, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def row(url: str = "http://127.0.0.1:9/x", content: bytes = CONTENT, **change: str | int | None) -> Settings:
    return {
        "name": "folder/data.bin",
        "url": url,
        "member": "",
        "member_digest": "",
        "digest": f"sha256:{sha256(content)}",
        "bytes": len(content),
    } | change


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def blob(content: bytes) -> str:
    """Return the id that git gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def archived(url: str, archive: bytes, member: str = MEMBER, **change: str | int | None) -> Settings:
    digests = {"member_digest": f"sha256:{sha256(CONTENT)}", "digest": f"md5:{md5(archive)}"}
    return row(url, member=member, **(digests | change))


def fetched(folder: Path, settings: Settings) -> Path:
    """Run the stage, check that it left nothing but its output, and return the output."""
    settings_file, output = folder / "settings.json", folder / "out" / "data.bin"
    settings_file.write_text(json.dumps(settings))
    fetch(settings_file=settings_file, output=output)
    assert [path.name for path in output.parent.iterdir()] == ["data.bin"]
    return output


def kept(folder: Path, server: Server, content: bytes) -> Path:
    """Write a partial file as an interrupted fetch from the server leaves it."""
    path = folder / "out" / f".data.bin.{sha256(server.url.encode())[:12]}.partial"
    path.parent.mkdir()
    path.write_bytes(content)
    return path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "out").iterdir())


def mirror(folder: Path, monkeypatch, content: bytes, name: str = "folder/data.bin") -> Path:
    path = folder / "mirror" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    monkeypatch.setenv(MIRROR, str(folder / "mirror"))
    return path


def tar_of(content: bytes, name: str = MEMBER) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def zip_of(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(MEMBER, content)
    return buffer.getvalue()


def test_the_mirrors_copy_is_taken_and_the_url_left_alone(tmp_path, monkeypatch):
    copy = mirror(tmp_path, monkeypatch, CONTENT)
    copy.chmod(0o444)
    output = fetched(tmp_path, row())
    assert output.read_bytes() == CONTENT
    assert output.stat().st_mode & 0o200  # a read-only mirror makes no read-only data


def test_a_mirror_copy_that_differs_is_an_error_that_names_both_digests(tmp_path, monkeypatch):
    mirror(tmp_path, monkeypatch, b"other")
    with serving(Server(CONTENT)) as server, pytest.raises(ValueError, match="not the listed") as raised:
        fetched(tmp_path, row(server.url))
    for part in ("folder/data.bin", sha256(CONTENT), sha256(b"other"), "found", "5 bytes", MIRROR):
        assert part in str(raised.value)
    assert not server.asked, "it fell back to the URL in silence"
    assert left(tmp_path) == []


def test_a_truncated_mirror_copy_is_an_error_that_names_both_sizes(tmp_path, monkeypatch):
    mirror(tmp_path, monkeypatch, CONTENT[:1000])
    with pytest.raises(ValueError, match=f"{len(CONTENT)} bytes; found .* 1000 bytes"):
        fetched(tmp_path, row())
    assert left(tmp_path) == []


def test_a_wrong_size_in_the_list_is_an_error_even_when_the_digest_is_right(tmp_path, monkeypatch):
    mirror(tmp_path, monkeypatch, CONTENT)
    with pytest.raises(ValueError, match=r"expected .* 7 bytes"):
        fetched(tmp_path, row(bytes=7))


def test_a_mirror_that_does_not_hold_the_file_is_passed_over(tmp_path, monkeypatch):
    mirror(tmp_path, monkeypatch, b"something else", name="other.bin")
    with serving(Server(CONTENT)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT


def test_a_file_without_a_public_address_comes_from_the_mirror_alone(tmp_path, monkeypatch):
    monkeypatch.delenv(MIRROR, raising=False)
    with pytest.raises(ValueError, match=rf"folder/data.bin has no public address: set {MIRROR} to a folder"):
        fetched(tmp_path, row(NO_URL))
    assert left(tmp_path) == []
    mirror(tmp_path, monkeypatch, CONTENT)
    assert fetched(tmp_path, row(NO_URL)).read_bytes() == CONTENT


def test_a_mirror_that_is_no_folder_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv(MIRROR, str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="nowhere, which is not a folder"):
        fetched(tmp_path, row())


@pytest.mark.parametrize("name", ["folder/data.bin", "folder/archive.bin"])
@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_the_mirror_may_hold_the_archive_under_either_name(tmp_path, monkeypatch, name, make):
    archive = make(CONTENT)
    mirror(tmp_path, monkeypatch, archive, name)
    settings = archived("http://127.0.0.1:9/files/archive.bin", archive)
    assert fetched(tmp_path, settings).read_bytes() == CONTENT


def test_the_mirror_may_hold_the_member_itself(tmp_path, monkeypatch):
    mirror(tmp_path, monkeypatch, CONTENT)
    settings = archived("http://127.0.0.1:9/files/archive.bin", tar_of(CONTENT))
    assert fetched(tmp_path, settings).read_bytes() == CONTENT


def test_a_mirror_copy_that_is_neither_archive_nor_member_names_both_digests(tmp_path, monkeypatch):
    mirror(tmp_path, monkeypatch, b"neither")
    settings = archived("http://127.0.0.1:9/files/archive.bin", tar_of(CONTENT))
    with pytest.raises(ValueError, match="not the listed") as raised:
        fetched(tmp_path, settings)
    assert str(settings["digest"]) in str(raised.value)
    assert sha256(CONTENT) in str(raised.value)


def test_a_file_is_downloaded_and_verified(tmp_path):
    with serving(Server(CONTENT)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert server.asked == [None]


def test_a_git_blob_id_is_a_digest_too(tmp_path):
    with serving(Server(CONTENT)) as server:
        fetched(tmp_path, row(server.url, digest=f"git-blob:{blob(CONTENT)}"))


def test_a_download_that_differs_names_both_digests_and_leaves_nothing(tmp_path):
    wrong = CONTENT[:-1] + b"!"
    with serving(Server(wrong)) as server, pytest.raises(ValueError, match="not the listed") as raised:
        fetched(tmp_path, row(server.url))
    assert sha256(CONTENT) in str(raised.value)
    assert sha256(wrong) in str(raised.value)
    assert "run again" in str(raised.value)
    assert left(tmp_path) == []


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_a_member_is_taken_out_of_a_downloaded_archive(tmp_path, make):
    archive = make(CONTENT)
    with serving(Server(archive)) as server:
        assert fetched(tmp_path, archived(server.url, archive)).read_bytes() == CONTENT


def test_a_member_that_the_archive_lacks_is_named_with_those_there_are(tmp_path):
    archive = tar_of(CONTENT)
    with (
        serving(Server(archive)) as server,
        pytest.raises(ValueError, match=f"no member other; it has {MEMBER}"),
    ):
        fetched(tmp_path, archived(server.url, archive, "other"))


@pytest.mark.parametrize("member", ["../../evil.bin", "/etc/evil.bin", "batches/../../evil.bin"])
def test_a_member_path_that_leads_out_of_the_archive_is_refused(tmp_path, member):
    archive = tar_of(CONTENT, member)
    with serving(Server(archive)) as server, pytest.raises(ValueError, match="not a plain relative path"):
        fetched(tmp_path, archived(server.url, archive, member))
    assert not server.asked
    assert not list(tmp_path.rglob("evil.bin"))


def test_a_member_that_is_a_link_is_refused(tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(MEMBER)
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(entry)
    with serving(Server(buffer.getvalue())) as server, pytest.raises(ValueError, match="not a regular file"):
        fetched(tmp_path, archived(server.url, buffer.getvalue()))
    assert left(tmp_path) == []


def test_what_is_no_archive_is_an_error_that_says_so(tmp_path):
    with serving(Server(b"text")) as server, pytest.raises(ValueError, match="neither a zip nor a tar"):
        fetched(tmp_path, archived(server.url, b"text"))


def test_a_download_that_was_cut_short_is_continued_where_it_stopped(tmp_path):
    with serving(Server(CONTENT, cuts=1)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    first, second = server.asked
    assert first is None
    assert second is not None
    assert int(second.removeprefix("bytes=").rstrip("-")) > 0


def test_a_later_run_continues_what_an_earlier_one_began(tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "WAITS", ())
    with serving(Server(CONTENT, cuts=1)) as server:
        with pytest.raises(ConnectionError, match="bytes received so far are kept"):
            fetched(tmp_path, row(server.url))
        (kept,) = left(tmp_path)
        assert kept.endswith(".partial"), "an unfinished download has the final name"
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert server.asked[1] is not None


def test_a_server_that_cannot_continue_sends_the_whole_file_again(tmp_path):
    with serving(Server(CONTENT, cuts=1, ranges=False)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT


def test_a_kept_part_that_is_longer_than_the_file_is_dropped(tmp_path):
    with serving(Server(CONTENT)) as server:
        kept(tmp_path, server, CONTENT + CONTENT)
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(tmp_path):
    with serving(Server(CONTENT, statuses=(503, 429))) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert len(server.asked) == 3


def test_a_missing_page_is_asked_for_once(tmp_path):
    with serving(Server(CONTENT, statuses=(404,))) as server, pytest.raises(ConnectionError, match="404"):
        fetched(tmp_path, row(server.url))
    assert len(server.asked) == 1


def test_without_a_network_the_error_names_the_file_and_the_remedy(tmp_path):
    with serving(Server(CONTENT)) as server:
        closed = server.url
    with pytest.raises(ConnectionError) as raised:
        fetched(tmp_path, row(closed))
    for part in ("folder/data.bin", closed, "Check the network", f"set {MIRROR} to a folder that holds"):
        assert part in str(raised.value)
    assert left(tmp_path) == []


def test_an_older_output_survives_a_failed_fetch(tmp_path):
    output = tmp_path / "out" / "data.bin"
    output.parent.mkdir()
    output.write_bytes(b"older")
    with (
        serving(Server(b"wrong" + CONTENT)) as server,
        pytest.raises(ValueError, match="not the listed file"),
    ):
        fetched(tmp_path, row(server.url))
    assert output.read_bytes() == b"older"


def test_an_unknown_setting_is_refused_by_its_nearest_name(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'digest'"):
        fetched(tmp_path, row(digests="x"))


# Busy servers and wrong answers


def waits(monkeypatch) -> list[float]:
    """Collect the seconds that downloads would wait, without waiting."""
    slept: list[float] = []
    monkeypatch.setattr(downloads, "WAITS", (1.0, 4.0, 15.0))
    monkeypatch.setattr(downloads.time, "sleep", slept.append)
    return slept


def test_attempts_are_spaced_farther_and_farther_and_then_given_up(tmp_path, monkeypatch):
    slept = waits(monkeypatch)
    with serving(Server(CONTENT, statuses=(500,) * 9)) as server, pytest.raises(ConnectionError, match="500"):
        fetched(tmp_path, row(server.url))
    assert slept == [1.0, 4.0, 15.0]
    assert left(tmp_path) == []


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(tmp_path, monkeypatch):
    slept = waits(monkeypatch)
    with serving(Server(CONTENT, statuses=(429, 503), retry_after="7")) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert slept == [7.0, 7.0]


def test_a_busy_server_may_ask_for_a_date(tmp_path, monkeypatch):
    slept = waits(monkeypatch)
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    with serving(Server(CONTENT, statuses=(429,), retry_after=date)) as server:
        fetched(tmp_path, row(server.url))
    assert 60 < slept[0] <= 90


@pytest.mark.parametrize("asked", ["0", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_wish_that_is_past_or_means_nothing_leaves_the_usual_wait(tmp_path, monkeypatch, asked):
    slept = waits(monkeypatch)
    with serving(Server(CONTENT, statuses=(429,), retry_after=asked)) as server:
        fetched(tmp_path, row(server.url))
    assert slept == [1.0]


def test_a_server_that_asks_for_too_long_is_given_up_with_its_wish(tmp_path, monkeypatch):
    slept = waits(monkeypatch)
    with (
        serving(Server(CONTENT, statuses=(429,), retry_after="86400")) as server,
        pytest.raises(ConnectionError, match="a wait of 86400 s"),
    ):
        fetched(tmp_path, row(server.url))
    assert slept == []


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_refusal_is_not_asked_again(tmp_path, status):
    with (
        serving(Server(CONTENT, statuses=(status,))) as server,
        pytest.raises(ConnectionError, match=str(status)),
    ):
        fetched(tmp_path, row(server.url))
    assert len(server.asked) == 1
    assert left(tmp_path) == []


def test_a_download_may_break_off_any_number_of_times_while_it_gets_on(tmp_path):
    with serving(Server(CONTENT, cuts=8)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert len(server.asked) == 9  # two further attempts are allowed where nothing comes


def test_a_server_that_never_gets_on_is_given_up(tmp_path):
    with (
        serving(Server(CONTENT, cuts=99, ranges=False)) as server,
        pytest.raises(ConnectionError, match="cannot fetch folder/data"),
    ):
        fetched(tmp_path, row(server.url))
    assert len(server.asked) == 3
    assert all(name.endswith(".partial") for name in left(tmp_path))


def test_nothing_that_came_is_lost_when_the_connection_breaks(tmp_path):
    with serving(Server(CONTENT, cuts=1)) as server:
        fetched(tmp_path, row(server.url))
    assert server.asked == [None, f"bytes={len(CONTENT) * 3 // 4}-"]


def test_a_length_that_is_too_great_does_not_keep_the_file_away(tmp_path):
    with serving(Server(CONTENT, lie=1000)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert len(server.asked) == 1, "the file was whole and was asked for again"


def test_a_length_that_is_too_small_does_not_cut_the_file(tmp_path):
    with serving(Server(CONTENT, lie=-1000)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert server.asked[1] == f"bytes={len(CONTENT) - 1000}-"


def test_a_cut_archive_of_unknown_digest_and_size_is_broken_and_deleted(tmp_path):
    archive = tar_of(NOISE)
    settings = archived("", archive, digest=UNKNOWN, member_digest=f"sha256:{sha256(NOISE)}")
    with (
        serving(Server(archive, lie=-1000)) as server,
        pytest.raises(ValueError, match=r"cannot be read .*run again"),
    ):
        fetched(tmp_path, settings | {"url": server.url})
    assert left(tmp_path) == []


def test_another_part_than_was_asked_for_is_not_appended(tmp_path):
    with serving(Server(CONTENT, cuts=1, content_range="bytes 5-9/10")) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert [asked is None for asked in server.asked] == [True, False, True]


def test_a_part_that_does_not_say_which_is_not_appended(tmp_path):
    with serving(Server(CONTENT, cuts=1, content_range="pages 1-2/3")) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT


def test_a_range_that_exaggerates_the_file_does_not_keep_it_away(tmp_path):
    half = len(CONTENT) // 2
    lying = Server(CONTENT, content_range=f"bytes {half}-{len(CONTENT) - 1}/{2 * len(CONTENT)}")
    with serving(lying) as server:
        kept(tmp_path, server, CONTENT[:half])
        assert fetched(tmp_path, row(server.url, bytes=None)).read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_rest_that_does_not_fit_what_was_kept_is_deleted_with_it(tmp_path):
    with serving(Server(CONTENT)) as server:
        kept(tmp_path, server, b"of another version")
        with pytest.raises(ValueError, match="not the listed file"):
            fetched(tmp_path, row(server.url))
        assert left(tmp_path) == []
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT


def test_a_server_that_does_not_stop_is_left_when_it_has_sent_too_much(tmp_path):
    endless = b"more" * 16_000_000
    with serving(Server(endless)) as server, pytest.raises(ValueError, match=r"found .* bytes") as raised:
        fetched(tmp_path, row(server.url))
    found = int(str(raised.value).partition("found")[2].split()[1])
    assert len(CONTENT) < found < len(CONTENT) + 2 * downloads.BLOCK
    assert left(tmp_path) == []


def test_an_empty_answer_is_not_a_file(tmp_path):
    class Empty(Server):
        def answer(self, request: BaseHTTPRequestHandler) -> None:
            self.asked.append(None)
            request.send_response(200)
            request.send_header("Content-Length", "0")
            request.end_headers()

    with (
        serving(Empty(b"")) as server,
        pytest.raises(ConnectionError, match="closed the connection after 0 of"),
    ):
        fetched(tmp_path, row(server.url, bytes=None))
    assert left(tmp_path) == []


def test_a_redirection_is_followed(tmp_path):
    class Moved(Server):
        def answer(self, request: BaseHTTPRequestHandler) -> None:
            if request.path == "/files/archive.bin":
                request.send_response(302)
                request.send_header("Location", "/elsewhere")
                request.end_headers()
            else:
                super().answer(request)

    with serving(Moved(CONTENT, cuts=1)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT


# Content-Encoding


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "zstd", "identity"])
@pytest.mark.parametrize("cuts", [0, 2])
@pytest.mark.parametrize("digest", ["known", UNKNOWN])
def test_an_archive_is_kept_as_sent_whatever_encoding_labels_it(tmp_path, encoding, cuts, digest):
    archive = tar_of(NOISE)
    member = {"member_digest": f"sha256:{sha256(NOISE)}", "bytes": len(NOISE)}
    with serving(Server(archive, cuts=cuts, encoding=encoding)) as server:
        known = {} if digest == "known" else {"digest": UNKNOWN}
        settings = archived(server.url, archive, **(member | known))
        assert fetched(tmp_path, settings).read_bytes() == NOISE
    assert len(server.asked) == 1 + cuts


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_file_that_is_compressed_itself_is_not_unpacked(tmp_path, encoding):
    compressed = gzip.compress(CONTENT)
    with serving(Server(compressed, cuts=1, encoding=encoding)) as server:
        assert fetched(tmp_path, row(server.url, compressed)).read_bytes() == compressed


def test_a_labelled_download_is_continued_by_a_later_run(tmp_path):
    archive = tar_of(NOISE)
    member = {"member_digest": f"sha256:{sha256(NOISE)}", "bytes": len(NOISE)}
    with serving(Server(archive, encoding="gzip")) as server:
        kept(tmp_path, server, archive[:1000])
        assert fetched(tmp_path, archived(server.url, archive, **member)).read_bytes() == NOISE
    assert server.asked == ["bytes=1000-"]


@pytest.mark.parametrize("content", [CONTENT, random.Random(0).randbytes(1 << 20)], ids=["shorter", "longer"])
@pytest.mark.parametrize("cuts", [0, 2])
def test_a_file_that_the_server_compressed_on_the_way_is_unpacked(tmp_path, content, cuts):
    with serving(Server(gzip.compress(content), cuts=cuts, encoding="gzip")) as server:
        assert fetched(tmp_path, row(server.url, content)).read_bytes() == content


def test_a_labelled_file_that_differs_packed_and_unpacked_is_an_error_that_leaves_nothing(tmp_path):
    with (
        serving(Server(gzip.compress(b"other"), encoding="gzip")) as server,
        pytest.raises(ValueError, match="not the listed file"),
    ):
        fetched(tmp_path, row(server.url))
    assert left(tmp_path) == []


def test_the_words_of_a_compressed_page_are_read(tmp_path):
    page = gzip.compress(b"<!DOCTYPE html><html><title>Sign in</title></html>")
    with (
        serving(Server(page, kind="text/html", encoding="gzip")) as server,
        pytest.raises(ConnectionError, match="which says: 'Sign in'"),
    ):
        fetched(tmp_path, row(server.url))


# Web pages in place of files


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_form_of_google_drives_confirmation_page_is_sent(tmp_path, method):
    with serving(Drive(CONTENT, method), "/uc?export=download&id=abc") as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert server.pages == 1
    assert server.asked == [None]


def test_a_broken_download_from_google_drive_is_continued_behind_the_page(tmp_path):
    with serving(Drive(CONTENT, cuts=1), "/uc?export=download&id=abc") as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert server.pages == 2
    assert server.asked == [None, f"bytes={len(CONTENT) * 3 // 4}-"]


QUOTA = """<html><head><title>Google Drive - Quota exceeded</title><script>var sorry;</script></head><body>
    <p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently.</p></body></html>"""


@pytest.mark.parametrize("digest", [f"sha256:{sha256(CONTENT)}", UNKNOWN])
def test_an_exceeded_quota_is_an_error_in_googles_words_and_no_file(tmp_path, digest):
    quota = Drive(CONTENT)
    quota.page = QUOTA
    with (
        serving(quota, "/uc?export=download&id=abc") as server,
        pytest.raises(ConnectionError, match="Quota exceeded Too many users have") as raised,
    ):
        fetched(tmp_path, row(server.url, digest=digest, bytes=None))
    for part in ("folder/data.bin", server.url, "with a browser", f"set {MIRROR}"):
        assert part in str(raised.value)
    assert "sorry" not in str(raised.value)
    assert server.pages == 1, "a quota does not pass while one waits"
    assert left(tmp_path) == []


def test_an_exceeded_quota_leaves_what_came_before_it(tmp_path):
    quota = Drive(CONTENT)
    quota.page = QUOTA
    with serving(quota, "/uc?export=download&id=abc") as server:
        partial = kept(tmp_path, server, CONTENT[:1000])
        with pytest.raises(ConnectionError, match="Quota exceeded"):
            fetched(tmp_path, row(server.url))
    assert partial.read_bytes() == CONTENT[:1000]


def test_a_confirmation_that_leads_to_another_page_is_an_error(tmp_path):
    loop = Drive(CONTENT)
    loop.page = loop.page.replace("0f-1", "stale")
    with (
        serving(loop, "/uc?export=download&id=abc") as server,
        pytest.raises(ConnectionError, match="Virus scan warning"),
    ):
        fetched(tmp_path, row(server.url))
    assert server.pages == 2


@pytest.mark.parametrize("kind", ["text/html", "TEXT/HTML; charset=utf-8", "application/octet-stream"])
@pytest.mark.parametrize("digest", [f"sha256:{sha256(CONTENT)}", UNKNOWN])
def test_a_web_page_is_an_error_whatever_it_is_called_and_is_not_kept(tmp_path, kind, digest):
    page = b"\n<!DOCTYPE html><html><title>Sign in</title><body>Network of the hotel</body></html>"
    with (
        serving(Server(page, kind=kind)) as server,
        pytest.raises(ConnectionError, match=r"sent a web page .*Sign in Network of the hotel"),
    ):
        fetched(tmp_path, row(server.url, digest=digest, bytes=None))
    assert len(server.asked) == 1
    assert left(tmp_path) == []


# Digests


@pytest.mark.parametrize("make", [tar_of, zip_of])
@pytest.mark.parametrize("digest", [f"git-blob:{blob(CONTENT)}", f"md5:{md5(CONTENT)}"])
def test_a_member_may_be_known_by_any_digest_and_its_archive_by_none(tmp_path, make, digest):
    archive = make(CONTENT)
    with serving(Server(archive)) as server:
        settings = archived(server.url, archive, digest=UNKNOWN, member_digest=digest, bytes=None)
        assert fetched(tmp_path, settings).read_bytes() == CONTENT


def test_a_wrong_member_of_an_archive_of_unknown_digest_is_an_error(tmp_path):
    archive = zip_of(b"other")
    with serving(Server(archive)) as server, pytest.raises(ValueError, match="not the listed file") as raised:
        fetched(
            tmp_path, archived(server.url, archive, digest=UNKNOWN, member_digest=f"git-blob:{blob(CONTENT)}")
        )
    assert blob(CONTENT) in str(raised.value)
    assert blob(b"other") in str(raised.value)
    assert left(tmp_path) == []


def test_a_mirror_copy_that_is_neither_member_nor_archive_names_itself_and_the_remedy(tmp_path, monkeypatch):
    copy = mirror(tmp_path, monkeypatch, b"neither")
    settings = archived("http://127.0.0.1:9/files/archive.bin", b"", digest=UNKNOWN)
    with pytest.raises(ValueError, match=f"{copy} cannot be read .*neither a zip nor a tar.*replace"):
        fetched(tmp_path, settings)


def test_a_finished_archive_of_unknown_digest_is_not_fetched_twice(tmp_path):
    archive = tar_of(CONTENT)
    with serving(Server(archive)) as server:
        kept(tmp_path, server, archive)
        assert fetched(tmp_path, archived(server.url, archive, digest=UNKNOWN)).read_bytes() == CONTENT
    assert server.asked == [f"bytes={len(archive)}-"]  # and there is no rest


def test_a_size_that_nobody_says_is_not_asked_of_the_file(tmp_path):
    with serving(Server(CONTENT, cuts=1)) as server:
        assert fetched(tmp_path, row(server.url, bytes=None)).read_bytes() == CONTENT


def test_a_file_without_a_digest_is_refused_with_the_line_that_would_trust_it(tmp_path):
    with serving(Server(CONTENT, cuts=1)) as server:
        unknown = row(server.url, digest=UNKNOWN, bytes=None)
        with pytest.raises(ValueError, match="no digest is published") as raised:
            fetched(tmp_path, unknown)
        assert "data.bin" not in left(tmp_path)
        (line,) = (line for line in str(raised.value).splitlines() if line.startswith("folder/data.bin\t"))
        listed = tmp_path / "datasets.tsv"
        listed.write_text("\t".join(COLUMNS) + "\n" + line + "\tMIT\tSomeone, 2020\n")
        asked = len(server.asked)
        trusted = fetch_settings(read_datasets(listed)["folder/data.bin"])
        assert fetched(tmp_path, trusted).read_bytes() == CONTENT
    assert trusted["digest"] == f"sha256:{sha256(CONTENT)}"
    assert trusted["bytes"] == len(CONTENT)
    assert len(server.asked) == asked, "it was downloaded twice"


def test_a_second_try_without_a_digest_is_refused_without_a_second_download(tmp_path):
    with serving(Server(CONTENT)) as server:
        for _ in range(2):
            with pytest.raises(ValueError, match=sha256(CONTENT)):
                fetched(tmp_path, row(server.url, digest=UNKNOWN, bytes=None))
    assert server.asked == [None, f"bytes={len(CONTENT)}-"]


def test_a_file_without_a_digest_is_refused_from_the_mirror_too(tmp_path, monkeypatch):
    copy = mirror(tmp_path, monkeypatch, CONTENT)
    with pytest.raises(ValueError, match=f"{copy} cannot be verified"):
        fetched(tmp_path, row(digest=UNKNOWN, bytes=None))
    assert left(tmp_path) == []
    assert copy.read_bytes() == CONTENT


# Interruptions, concurrent fetches and full disks


def process(folder: Path, settings: Settings) -> subprocess.Popen[bytes]:
    (folder / "settings.json").write_text(json.dumps(settings))
    arguments = [sys.executable, "-c", FETCH, str(folder / "settings.json"), str(folder / "out" / "data.bin")]
    return subprocess.Popen(arguments, stderr=subprocess.DEVNULL)


def until(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it has not come true")


def test_a_killed_fetch_leaves_no_file_and_the_next_one_goes_on_and_tidies_up(tmp_path):
    with serving(Stalling(CONTENT)) as server:
        killed = process(tmp_path, row(server.url))
        partial = tmp_path / "out" / f".data.bin.{sha256(server.url.encode())[:12]}.partial"
        until(lambda: partial.is_file() and partial.stat().st_size > 0)
        killed.kill()
        killed.wait()
        assert "data.bin" not in left(tmp_path)
        (tmp_path / "out" / ".data.bin.4711.partial").write_bytes(
            b"of one that was killed when it was written"
        )
        server.go_on.set()
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    first, second = server.asked
    assert first is None
    assert second is not None


def test_tidying_up_leaves_the_unfinished_files_of_others(tmp_path, monkeypatch):
    mirror(tmp_path, monkeypatch, CONTENT)
    other = tmp_path / "out" / ".data.bin.gz.0123abc.partial"
    other.parent.mkdir()
    other.write_bytes(b"half")
    (tmp_path / "settings.json").write_text(json.dumps(row()))
    fetch(settings_file=tmp_path / "settings.json", output=tmp_path / "out" / "data.bin")
    assert left(tmp_path) == [".data.bin.gz.0123abc.partial", "data.bin"]


def test_a_second_fetch_waits_for_the_first_and_finds_the_file(tmp_path, monkeypatch):
    waiting, lock = threading.Event(), module.fcntl.flock

    def flock(file: object, operation: int) -> None:
        if not operation & module.fcntl.LOCK_NB:
            waiting.set()
        lock(file, operation)

    monkeypatch.setattr(module.fcntl, "flock", flock)
    with serving(Stalling(CONTENT)) as server:
        first = process(tmp_path, row(server.url))
        assert server.half_sent.wait(20)
        second = threading.Thread(target=fetched, args=(tmp_path, row(server.url)))
        second.start()
        assert waiting.wait(20)
        server.go_on.set()
        assert first.wait(20) == 0
        second.join(20)
    assert len(server.asked) == 1
    assert (tmp_path / "out" / "data.bin").read_bytes() == CONTENT
    assert left(tmp_path) == ["data.bin"]


def test_a_second_fetch_goes_on_where_the_first_was_killed(tmp_path):
    with serving(Stalling(CONTENT)) as server:
        first = process(tmp_path, row(server.url))
        assert server.half_sent.wait(20)
        second = threading.Thread(target=fetched, args=(tmp_path, row(server.url)))
        second.start()
        first.kill()
        first.wait()
        server.go_on.set()
        second.join(20)
    assert (tmp_path / "out" / "data.bin").read_bytes() == CONTENT


def test_many_fetches_of_one_file_at_a_time_do_not_harm_each_other(tmp_path):
    (tmp_path / "settings.json").write_text("")
    output = tmp_path / "out" / "data.bin"
    with serving(Server(CONTENT, cuts=3)) as server:
        (tmp_path / "settings.json").write_text(json.dumps(row(server.url)))
        arguments = {"settings_file": tmp_path / "settings.json", "output": output}
        threads = [threading.Thread(target=fetch, kwargs=arguments) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert output.read_bytes() == CONTENT
    assert left(tmp_path) == ["data.bin"]
    assert len(server.asked) == 4, "more than one of them has downloaded it"


def test_a_file_that_is_there_and_right_is_not_fetched_again(tmp_path):
    with serving(Server(CONTENT)) as server:
        fetched(tmp_path, row(server.url))
        fetched(tmp_path, row(server.url))
    assert len(server.asked) == 1


def test_a_file_system_without_locks_is_no_reason_to_fail(tmp_path, monkeypatch, capsys):
    def flock(*_: object) -> None:
        raise OSError(module.errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(module.fcntl, "flock", flock)
    with serving(Server(CONTENT)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert "do not fetch it twice at once" in capsys.readouterr().err


needs_a_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")


@needs_a_full_device
@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_a_full_disk_names_the_file_and_the_bytes_that_it_needs(tmp_path, size):
    with serving(Server(CONTENT)) as server:
        partial = kept(tmp_path, server, b"")
        partial.unlink()
        partial.symlink_to("/dev/full")
        with pytest.raises(
            OSError, match=f"folder/data.bin needs {len(CONTENT)} bytes in .* are free; make room"
        ):
            fetched(tmp_path, row(server.url, bytes=size))
    assert len(server.asked) == 1
    assert "data.bin" not in left(tmp_path)


@needs_a_full_device
def test_a_disk_that_is_full_when_the_file_is_put_in_its_place_is_the_same_error(tmp_path, monkeypatch):
    mirror(tmp_path, monkeypatch, CONTENT)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / f".data.bin.{HOST}-{os.getpid()}.partial").symlink_to("/dev/full")
    with pytest.raises(OSError, match=f"folder/data.bin needs {len(CONTENT)} bytes in .* make room"):
        fetched(tmp_path, row(bytes=None))
    assert left(tmp_path) == []

import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from zcrepro import fetch as module
from zcrepro.fetch import MIRROR, fetch

CONTENT = bytes(range(256)) * 1024  # 256 KiB: more than one block of a download
MEMBER = "batches/data_1.bin"


class Server:
    """Serves ``content``; cuts the first ``cuts`` answers in half; keeps what was asked for."""

    def __init__(self, content: bytes, cuts: int = 0, statuses: tuple[int, ...] = (), ranges: bool = True):
        self.content, self.cuts, self.statuses, self.ranges = content, cuts, list(statuses), ranges
        self.asked: list[str | None] = []
        self.url = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        self.asked.append(asked)
        if self.statuses:
            request.send_error(self.statuses.pop(0))
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges else 0
        if start >= len(self.content):
            request.send_error(416)
            return
        body = self.content[start:]
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(body)))
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        request.end_headers()
        if self.cuts:
            self.cuts -= 1
            body = body[: len(body) * 3 // 4]
        request.wfile.write(body)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}/files/archive.bin"
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


@pytest.fixture(autouse=True)
def _quick_and_alone(monkeypatch):
    monkeypatch.setattr(module, "WAITS", (0.0, 0.0))
    monkeypatch.delenv(MIRROR, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def row(
    url: str = "http://127.0.0.1:9/x", content: bytes = CONTENT, **change: str | int
) -> dict[str, str | int]:
    return {
        "name": "folder/data.bin",
        "url": url,
        "member": "",
        "member_sha256": "",
        "digest": f"sha256:{sha256(content)}",
        "bytes": len(content),
    } | change


def archived(url: str, archive: bytes, member: str = MEMBER) -> dict[str, str | int]:
    md5 = hashlib.md5(archive, usedforsecurity=False).hexdigest()
    return row(url, member=member, member_sha256=sha256(CONTENT), digest=f"md5:{md5}")


def fetched(folder: Path, settings: dict[str, str | int]) -> Path:
    """Runs the stage; whatever it did, nothing but the output may be left where it succeeded."""
    settings_file, output = folder / "settings.json", folder / "out" / "data.bin"
    settings_file.write_text(json.dumps(settings))
    fetch(settings_file=settings_file, output=output)
    assert [path.name for path in output.parent.iterdir()] == ["data.bin"]
    return output


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
    with serving(Server(CONTENT)) as server, pytest.raises(ValueError, match="not the pinned") as raised:
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
    with pytest.raises(ValueError, match="not the pinned") as raised:
        fetched(tmp_path, settings)
    assert str(settings["digest"]) in str(raised.value)
    assert sha256(CONTENT) in str(raised.value)


def test_a_file_is_downloaded_and_verified(tmp_path):
    with serving(Server(CONTENT)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert server.asked == [None]


def test_a_git_blob_id_is_a_digest_too(tmp_path):
    blob = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT, usedforsecurity=False).hexdigest()
    with serving(Server(CONTENT)) as server:
        fetched(tmp_path, row(server.url, digest=f"git-blob:{blob}"))


def test_a_download_that_differs_names_both_digests_and_leaves_nothing(tmp_path):
    wrong = CONTENT[:-1] + b"!"
    with serving(Server(wrong)) as server, pytest.raises(ValueError, match="not the pinned") as raised:
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
    monkeypatch.setattr(module, "WAITS", ())
    with serving(Server(CONTENT, cuts=1)) as server:
        with pytest.raises(ConnectionError, match="what came so far is kept"):
            fetched(tmp_path, row(server.url))
        (kept,) = left(tmp_path)
        assert kept.endswith(".partial"), "an unfinished download has the final name"
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT
    assert server.asked[1] is not None


def test_a_server_that_cannot_continue_sends_the_whole_file_again(tmp_path):
    with serving(Server(CONTENT, cuts=1, ranges=False)) as server:
        assert fetched(tmp_path, row(server.url)).read_bytes() == CONTENT


def test_a_kept_part_that_is_longer_than_the_file_is_dropped(tmp_path):
    partial = tmp_path / "out" / f".data.bin.{sha256(CONTENT)[:12]}.partial"
    partial.parent.mkdir()
    partial.write_bytes(CONTENT + CONTENT)
    with serving(Server(CONTENT)) as server:
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
        pytest.raises(ValueError, match="not the pinned file"),
    ):
        fetched(tmp_path, row(server.url))
    assert output.read_bytes() == b"older"


def test_an_unknown_setting_is_refused_by_its_nearest_name(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'digest'"):
        fetched(tmp_path, row(digests="x"))

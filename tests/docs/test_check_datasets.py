"""The check of addresses, against a server of this machine."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from check_datasets import problem


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def address(tmp_path):
    (tmp_path / "file.bin").write_bytes(b"12345")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("name", "size", "member", "wrong"),
    [
        ("file.bin", 5, "", ""),
        ("file.bin", 6, "", "has 5 bytes instead of 6"),
        ("file.bin", 6, "inside.csv", ""),
        ("file.bin", None, "", ""),
        ("", 6, "", ""),  # a folder
        ("gone.bin", 5, "", "404"),
    ],
)
def test_an_address_is_asked_for_its_size(address, name, size, member, wrong):
    found = problem({"name": "x", "url": f"{address}/{name}", "bytes": size, "member": member})
    assert wrong in found
    assert bool(found) == bool(wrong)

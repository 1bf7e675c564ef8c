"""Fetched files are verified by their listed digests, once for each state of a file."""

import hashlib
import os

import pytest

from zcrepro.fetching import verified

CONTENT = b"accuracies"
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


@pytest.fixture
def path(tmp_path):
    (tmp_path / "data.csv").write_bytes(CONTENT)
    return tmp_path / "data.csv"


@pytest.fixture
def read(monkeypatch):
    """The files whose digest was computed."""
    computed, digest = [], verified.file_digest
    monkeypatch.setattr(
        verified, "file_digest", lambda path, algorithm: computed.append(path) or digest(path, algorithm)
    )
    return computed


def test_the_listed_file_differs_in_nothing_and_is_read_once(path, read):
    assert [verified.difference(path, DIGEST) for _ in range(3)] == [""] * 3
    assert read == [path]


def test_another_file_is_named_with_what_was_expected_and_found(path):
    path.write_bytes(b"accuracieS")
    other = f"sha256:{hashlib.sha256(b'accuracieS').hexdigest()}"
    with pytest.raises(
        ValueError, match=f"data.csv is not the listed file: expected {DIGEST}, found {other}; "
    ):
        verified.check(path, DIGEST)


def test_a_change_is_noticed_although_size_and_time_are_as_before(path):
    assert verified.difference(path, DIGEST) == ""
    before = path.stat()
    path.write_bytes(b"accuracieS")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "is not the listed file" in verified.difference(path, DIGEST)


def test_another_listed_digest_is_verified_anew(path, read):
    assert verified.difference(path, DIGEST) == ""
    md5 = f"md5:{hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}"
    assert verified.difference(path, md5) == ""
    assert "is not the listed file" in verified.difference(path, f"md5:{'0' * 32}")
    assert len(read) == 3


@pytest.mark.parametrize("note", [b"", b"\xff", b"sha256:0 1 2 3\n"])
def test_a_damaged_note_is_no_proof(path, note):
    assert verified.difference(path, DIGEST) == ""
    (path.parent / verified.FOLDER / path.name).write_bytes(note)
    path.write_bytes(b"accuracieS")
    assert "is not the listed file" in verified.difference(path, DIGEST)


def test_a_folder_that_cannot_be_written_to_costs_only_time(path, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(verified, "write_text", refused)
    assert verified.difference(path, DIGEST) == ""

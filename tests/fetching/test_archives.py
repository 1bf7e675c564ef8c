"""Archives that are damaged, hostile or of another kind end in one line, and no more is written than is listed."""

import bz2
import gzip
import hashlib
import io
import json
import os
import random
import re
import stat
import tarfile
import zipfile

import pytest

from injection import outcomes
from zcrepro.fetching.datasets import UNKNOWN
from zcrepro.fetching.fetch import MIRROR, fetch
from zcrepro.files import archives
from zcrepro.files.atomic import HOST

CONTENT = json.dumps({"accuracies": [random.Random(0).random() for _ in range(300)]}).encode()
OTHERS = {"before.json": b"[1, 2]" * 40, "after.json": b"{}" * 300}
NAME = "folder/m.json"


def zip_of(content, method=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, each in {"before.json": OTHERS["before.json"], NAME: content, **OTHERS}.items():
            if name not in archive.namelist():
                archive.writestr(name, each)
    return made.getvalue()


def tar_of(content, mode="w:gz", **attributes):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, each in {"before.json": OTHERS["before.json"], NAME: content, **OTHERS}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(each)
            for key, value in attributes.items() if name == NAME else ():
                setattr(entry, key, value)
            if not entry.isreg():
                entry.size = 0
            archive.addfile(entry, io.BytesIO(each))
    return made.getvalue()


def plain_tar(content):
    return tar_of(content, "w:")


MAKERS = {
    "zip": zip_of,
    "stored zip": lambda content: zip_of(content, zipfile.ZIP_STORED),
    "zip of bzip2": lambda content: zip_of(content, zipfile.ZIP_BZIP2),
    "zip of lzma": lambda content: zip_of(content, zipfile.ZIP_LZMA),
    "tar": plain_tar,
    "tar.gz": tar_of,
    "tar.bz2": lambda content: tar_of(content, "w:bz2"),
    "tar.xz": lambda content: tar_of(content, "w:xz"),
}


def sha256(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def mirrored(tmp_path, monkeypatch):
    """A function that puts an archive into the mirror, and returns one that fetches the member."""
    monkeypatch.setenv(MIRROR, str(tmp_path / "mirror"))
    (tmp_path / "mirror").mkdir()
    copy, output = tmp_path / "mirror" / "x", tmp_path / "out" / "x"

    def put(archive, content=CONTENT, **change):
        row = {"name": "x", "url": "https://example.org/x.zip", "member": NAME, "digest": UNKNOWN}
        row |= {"member_digest": sha256(content), "bytes": len(content)}
        (tmp_path / "settings.json").write_text(json.dumps(row | change))
        copy.write_bytes(archive)

        def read(_=copy):
            output.unlink(missing_ok=True)
            try:
                fetch(settings_file=tmp_path / "settings.json", output=output)
            finally:
                assert [path.name for path in output.parent.iterdir()] == [output.name] * output.exists()
            return output.read_bytes()

        return copy, read

    return put


def refused(mirrored, archive, **change):
    """Return the one line by which an archive is refused."""
    copy, read = mirrored(archive, **change)
    with pytest.raises(ValueError, match=r".") as raised:
        read()
    said = str(raised.value)
    assert "\n" not in said
    assert str(copy) in said
    assert "; replace that copy" in said
    return said


@pytest.mark.parametrize("kind", MAKERS)
def test_a_member_of_every_kind_of_archive_is_taken_out(kind, mirrored):
    _, read = mirrored(MAKERS[kind](CONTENT))
    assert read() == CONTENT


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar"])
@pytest.mark.parametrize("digest", ["known", "unknown"])
def test_a_damaged_archive_is_refused_by_name_and_never_read_as_another(kind, digest, mirrored):
    archive = MAKERS[kind](CONTENT)
    copy, read = mirrored(archive, digest=sha256(archive) if digest == "known" else UNKNOWN)
    counts, faults = outcomes(read, copy, bytes.__eq__)
    assert not faults
    assert counts["refused"] > 100


@pytest.mark.parametrize("kind", ["tar.bz2", "tar.xz", "zip of lzma", "zip of bzip2"])
def test_a_damaged_archive_of_other_compressions_is_refused_too(kind, mirrored):
    copy, read = mirrored(MAKERS[kind](CONTENT))
    assert not outcomes(read, copy, bytes.__eq__, flips=60, cuts=20)[1]


def test_a_damaged_tar_of_bzip2_members_loses_none_in_silence(tmp_path):
    path = tmp_path / "a.tar"
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:") as archive:
        for number in range(4):
            packed = bz2.compress(CONTENT[: 1000 + number])
            entry = tarfile.TarInfo(f"{number:06d}.pickle.pbz2")
            entry.size = len(packed)
            archive.addfile(entry, io.BytesIO(packed))
    path.write_bytes(made.getvalue())

    def read(path):
        with archives.tar_of_bzip2(path, re.compile(r".*\.pbz2")) as entries:
            return [read() for _, read in entries]

    counts, faults = outcomes(read, path, list.__eq__)
    assert not faults
    assert counts["refused"] > 100


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("listed", [100, None])
def test_extraction_stops_at_the_listed_size_or_at_a_bound(kind, listed, mirrored, monkeypatch):
    monkeypatch.setattr(archives, "SMALL", 1 << 20)
    monkeypatch.setattr(archives, "EXPANSION", 0)
    written = []
    up_to = archives.up_to

    def counted(*arguments):
        for block in up_to(*arguments):
            written.append(len(block))
            yield block

    monkeypatch.setattr(archives, "up_to", counted)
    said = refused(mirrored, MAKERS[kind](b" " * (8 << 20)), bytes=listed)
    limit = listed or 1 << 20
    assert f"{NAME} has more than {limit} bytes, at which reading it stopped" in said
    assert sum(written) <= limit


def test_without_a_listed_size_the_bound_leaves_room_for_text_that_compresses_well():
    assert archives.most(None, 10) == 1 << 24
    assert archives.most(None, 1 << 30) == 100 << 30
    assert archives.most(7, 1 << 30) == 7


def changed(archive, place, value):
    """Return a zip whose local header and entry in the directory differ in the byte at ``place``."""
    raw = bytearray(archive)
    at = archive.find(NAME.encode())
    raw[at - 30 + place] = value
    raw[archive.find(NAME.encode(), at + 1) - 46 + place + 2] = value
    return bytes(raw)


def link_in_zip():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        entry = zipfile.ZipInfo(NAME)
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/hostname")
    return made.getvalue()


def directory_lies(field, value):
    """Return a zip whose end record has another number in the four bytes at ``field``."""
    raw = bytearray(zip_of(CONTENT))
    end = raw.rfind(b"PK\x05\x06")
    raw[end + field : end + field + 4] = value.to_bytes(4, "little")
    return bytes(raw)


def long_header():
    """Return a tar whose first header announces a name of 64 MiB."""
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 64 << 20
    return entry.tobuf(tarfile.GNU_FORMAT) + b"a" * (64 << 20) + plain_tar(CONTENT)


ODD = {
    "encrypted": (lambda: changed(zip_of(CONTENT), 6, 1), "is encrypted, password required"),
    "unknown compression": (lambda: changed(zip_of(CONTENT), 8, 99), "compression"),
    "symbolic link": (
        lambda: tar_of(CONTENT, type=tarfile.SYMTYPE, linkname="/etc/hostname"),
        "not a regular",
    ),
    "hard link": (
        lambda: tar_of(CONTENT, type=tarfile.LNKTYPE, linkname="before.json"),
        "not a regular file",
    ),
    "device": (lambda: tar_of(CONTENT, type=tarfile.CHRTYPE), "not a regular file"),
    "folder": (lambda: tar_of(CONTENT, type=tarfile.DIRTYPE), "not a regular file"),
    "link in a zip": (link_in_zip, "not a regular file"),
    "directory elsewhere": (lambda: directory_lies(16, 2**32 - 2), ""),
    "directory too long": (lambda: directory_lies(12, 2**31), ""),
    "long header": (long_header, "a header of the archive has 67108864 bytes"),
    "empty": (lambda: b"", "neither a zip nor a tar archive"),
    "text": (lambda: b"no archive at all" * 100, "neither a zip nor a tar archive"),
    "web page": (lambda: b"<!doctype html><html>Quota exceeded</html>", "neither a zip nor a tar archive"),
    "zeros": (lambda: bytes(20_000), "the archive has no member"),
    "gzip of text": (lambda: gzip.compress(b"text" * 1000), "neither a zip nor a tar archive"),
    "empty zip": (lambda: b"PK\x05\x06" + bytes(18), "the archive has no member folder/m.json; it has none"),
    "archive in an archive": (lambda: tar_of(zip_of(CONTENT)), "is not the listed file: expected"),
    "smaller": (lambda: zip_of(b"[]"), "is not the listed file: expected"),
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_archive_is_one_line_that_says_why(kind, mirrored):
    make, said = ODD[kind]
    assert said in refused(mirrored, make())


def test_zip64_is_read(mirrored):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive, archive.open(NAME, "w", force_zip64=True) as inside:
        inside.write(CONTENT)
    _, read = mirrored(made.getvalue())
    assert read() == CONTENT


def test_a_full_disk_is_not_taken_for_a_damaged_archive(mirrored, tmp_path):
    _, read = mirrored(zip_of(CONTENT))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / f".x.{HOST}-{os.getpid()}.partial").symlink_to("/dev/full")
    with pytest.raises(OSError, match=f"x needs {len(CONTENT)} bytes in .* make room"):
        read()

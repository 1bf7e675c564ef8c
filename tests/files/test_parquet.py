"""Parquet files, and the atomic replacement of files."""

import os
import subprocess
import sys
from contextlib import suppress

import pandas as pd
import pyarrow as pa
import pytest

from zcrepro.files import parquet
from zcrepro.files.atomic import HOST, remove_leftovers, replacement, write_text
from zcrepro.files.json import write_sealed

SCHEMA = pa.schema([("arch", pa.string()), ("score", pa.float64())])


def write(path, rows, **changes):
    arguments = {"schema": SCHEMA, "sort_by": ["arch"], "metadata": {"stage": "test"}} | changes
    parquet.write(path, pd.DataFrame(rows), **arguments)


def test_rows_are_sorted_so_that_their_order_does_not_matter(tmp_path):
    rows = [{"arch": "b", "score": 2.0}, {"arch": "a", "score": 1.0}]
    write(tmp_path / "one.parquet", rows)
    write(tmp_path / "two.parquet", rows[::-1])
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert parquet.read(tmp_path / "one.parquet")["arch"].tolist() == ["a", "b"]


def test_metadata_comes_back(tmp_path):
    write(tmp_path / "one.parquet", [{"arch": "a", "score": 1.0}])
    assert parquet.metadata(tmp_path / "one.parquet") == {"stage": "test"}


def test_a_repeated_key_is_refused_and_named(tmp_path):
    with pytest.raises(ValueError, match=r"1 rows repeat the key, for example {'arch': 'a'}"):
        write(tmp_path / "one.parquet", [{"arch": "a", "score": 1.0}, {"arch": "a", "score": 2.0}])
    assert list(tmp_path.iterdir()) == []


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(ValueError, match="no column score; there are arch"):
        write(tmp_path / "one.parquet", [{"arch": "a"}])


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old")
    with suppress(KeyboardInterrupt), replacement(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named_with_the_file(tmp_path):
    path = tmp_path / "file.txt"
    with pytest.raises(OSError, match=r"cannot write .*file\.txt: No space left"), replacement(path):
        raise OSError(28, "No space left on device")
    assert not path.exists()


def test_a_truncated_parquet_file_says_what_to_do(tmp_path):
    path = tmp_path / "one.parquet"
    write(path, [{"arch": "a", "score": 1.0}])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"one\.parquet cannot be read .*delete it and run snakemake again"):
        parquet.read(path)


def test_json_refuses_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_sealed(tmp_path / "one.json", {"score": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_only_the_files_of_writers_that_have_ended_are_left_overs(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "deeper").mkdir()
    dead = tmp_path / f"deeper/.a.parquet.{HOST}-{ended.pid}.partial"
    old = tmp_path / ".b.csv.elsewhere-1.partial"
    kept = [
        tmp_path / f".c.csv.{HOST}-{os.getpid()}.partial",
        tmp_path / ".d.csv.elsewhere-1.partial",
        tmp_path / ".e.tar.0123456789ab.partial",  # a download, which goes on
        tmp_path / "f.csv",
    ]
    for path in (dead, old, *kept):
        path.touch()
    os.utime(old, (0, 0))
    assert remove_leftovers(tmp_path) == [old, dead]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)

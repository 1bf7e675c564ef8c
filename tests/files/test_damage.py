"""Damaged results: every flipped bit and every missing end is refused, by an error that names the file."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from injection import outcomes
from zcrepro.files import csv, markup, parquet, record, seal
from zcrepro.files.json import read_sealed, sealed_text, write_sealed

MADE = {"stage": "test", "settings": "0123456789abcdef", "code": "fedcba9876543210"}


def written_parquet(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"arch": [f"arch-{i}" for i in range(500)], "score": rng.normal(size=500)})
    schema = pa.schema([("arch", pa.string()), ("score", pa.float64())])
    parquet.write(folder / "scores.parquet", frame, schema, ["arch"], MADE, rows_per_group=200)
    return folder / "scores.parquet"


def written_json(folder: Path) -> Path:
    value = {"formula": "add(snip, zen)", "fitness": [0.5 + i / 1000 for i in range(50)], "provenance": MADE}
    write_sealed(folder / "seed-0.json", value)
    return folder / "seed-0.json"


def written_svg(folder: Path) -> Path:
    points = "".join(f'<circle cx="{i}" cy="{i * i}"/>' for i in range(100))
    markup.write(folder / "figure.svg", f"<svg>{points}</svg>\n", MADE)
    return folder / "figure.svg"


def written_csv(folder: Path) -> Path:
    csv.write_csv(folder / "table.csv", pd.DataFrame({"row": range(100), "value": np.arange(100) / 7}))
    record.write([folder / "table.csv"], MADE)
    return folder / "table.csv"


def checked_csv(path: Path) -> pd.DataFrame:
    record.check(path)
    return csv.read_csv(path)


KINDS = {
    "parquet": (written_parquet, parquet.read, pd.DataFrame.equals),
    "columns of parquet": (written_parquet, lambda path: parquet.read(path, ["score"]), pd.DataFrame.equals),
    "metadata of parquet": (written_parquet, parquet.metadata, dict.__eq__),
    "number of rows of parquet": (written_parquet, parquet.rows, int.__eq__),
    "json": (written_json, read_sealed, dict.__eq__),
    "svg": (written_svg, markup.read, str.__eq__),
    "metadata of svg": (written_svg, markup.metadata, dict.__eq__),
    "csv": (written_csv, checked_csv, pd.DataFrame.equals),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_is_silent_or_unnamed(tmp_path, kind):
    write, read, same = KINDS[kind]
    counts, faults = outcomes(read, write(tmp_path), same)
    assert faults == []
    assert counts == {"refused": 400}


def test_damage_of_the_record_of_a_table_is_refused_too(tmp_path):
    path = written_csv(tmp_path)
    beside = record.path_for(path)
    _, faults = outcomes(lambda _: checked_csv(path), beside, pd.DataFrame.equals)
    assert faults == []


@pytest.mark.parametrize("kind", ["parquet", "json", "svg"])
def test_the_record_of_how_a_file_was_made_can_be_read_without_its_format(tmp_path, kind):
    path = KINDS[kind][0](tmp_path)
    assert seal.record(seal.verified(path)) == MADE


def test_a_record_is_that_of_the_file_and_not_of_what_its_metadata_quote(tmp_path):
    schema = pa.schema([("arch", pa.string())])
    quoted = json.dumps({"code": "0000000000000000", "settings": "1111111111111111"})
    made = MADE | {"of_chunks": quoted}
    parquet.write(tmp_path / "a.parquet", pd.DataFrame({"arch": ["a"]}), schema, ["arch"], made)
    assert seal.record(seal.verified(tmp_path / "a.parquet")) == MADE
    assert parquet.metadata(tmp_path / "a.parquet") == made


def test_other_programs_can_read_our_parquet_and_verify_its_pages(tmp_path):
    path = written_parquet(tmp_path)
    assert pd.read_parquet(path).equals(parquet.read(path))
    content = bytearray(path.read_bytes())
    content[40] ^= 1  # in the first page
    path.write_bytes(content)
    with pytest.raises(OSError, match="CRC checksum verification failed"):
        pq.read_table(path, page_checksum_verification=True)


def test_equal_content_gives_equal_bytes(tmp_path):
    for kind in ("parquet", "json", "svg", "csv"):
        write = KINDS[kind][0]
        first = write(tmp_path).read_bytes()
        assert write(tmp_path).read_bytes() == first


def test_a_file_that_is_not_ours_is_refused_by_name(tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ValueError, match=r"other\.parquet cannot be read \(it holds no digest"):
        parquet.read(tmp_path / "other.parquet")
    (tmp_path / "other.json").write_text('{"a": 1}')
    with pytest.raises(ValueError, match=r"other\.json cannot be read \(it holds no digest"):
        read_sealed(tmp_path / "other.json")
    (tmp_path / "table.csv").write_text("a\n1\n")
    with pytest.raises(ValueError, match=r"its record table\.json is missing"):
        record.check(tmp_path / "table.csv")


def test_a_value_that_was_edited_by_hand_is_refused(tmp_path):
    path = written_json(tmp_path)
    path.write_text(path.read_text().replace('"formula": "add(snip, zen)"', '"formula": "add(snip, fisher)"'))
    with pytest.raises(ValueError, match="does not fit its digest, so it is damaged or was edited"):
        read_sealed(path)


def test_the_digest_is_that_of_the_file_with_its_own_digits_set_to_zero():
    text = sealed_text({"a": 1})
    digest = json.loads(text)["sha256"]
    assert hashlib.sha256(text.replace(digest, "0" * 64).encode()).hexdigest() == digest


def test_a_comment_that_would_end_early_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a comment cannot hold the metadata"):
        markup.write(tmp_path / "a.svg", "<svg></svg>", {"stage": "a-->b"})

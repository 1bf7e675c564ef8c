import base64
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samples.nasbench101_official import (
    HASH,
    OPERATIONS,
    PARAMETERS,
    TEXT,
    TRAININGS,
    framed,
    message,
    metrics,
    record,
)
from zcrepro.benchmarks import _protobuf
from zcrepro.benchmarks import tidy as stage
from zcrepro.benchmarks.nasbench101_official import FILE, RECIPE
from zcrepro.files import parquet
from zcrepro.files.tfrecord import BATCH, crc32c, records

PLAIN_HASH = "043721b9c7fe8c5fad811d47d83132ec"


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    return written(tmp_path, *TRAININGS)


def written(folder: Path, *rows: bytes) -> dict[str, Path]:
    path = folder / "nasbench.tfrecord"
    path.write_bytes(b"".join(map(framed, rows)))
    return {FILE: path}


def test_crc32c_gives_the_published_checks():
    """The check value of CRC-32C, and the examples of RFC 3720, B.4."""
    examples = [b"123456789", bytes(32), b"\xff" * 32, bytes(range(32)), bytes(range(31, -1, -1)), b""]
    expected = [0xE3069283, 0x8A9136AA, 0x62A8AB43, 0x46DD794E, 0x113FDB5C, 0]
    assert crc32c(examples).tolist() == expected


def test_records_are_read_in_order_over_batches(tmp_path):
    rows = [str(number).encode() * (number % 3) for number in range(BATCH + 5)]
    (path,) = written(tmp_path, *rows).values()
    assert list(records(path)) == rows


def test_a_file_without_records_has_none(tmp_path):
    (path,) = written(tmp_path).values()
    assert list(records(path)) == []


@pytest.mark.parametrize("missing", [1, 5, 100])
def test_a_truncated_file_names_where_its_last_record_begins(files, missing):
    path = files[FILE]
    last = 2 * len(framed(TRAININGS[0]))
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(
        ValueError, match=rf"ends within the record at byte {last}\); delete it and fetch it again"
    ):
        list(records(path))


def test_a_file_that_ends_within_a_length_is_truncated_too(files):
    path = files[FILE]
    path.write_bytes(path.read_bytes() + b"\x01\x02")
    with pytest.raises(ValueError, match="ends within the record at byte"):
        list(records(path))


@pytest.mark.parametrize(
    ("place", "reason"), [(0, "no record begins at byte 0"), (30, "the record at byte 0")]
)
def test_a_changed_byte_is_found_by_its_checksum(files, place, reason):
    path = files[FILE]
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=f"{reason}.*; delete it and fetch it again"):
        list(records(path))


def test_protobuf_fields_are_read_by_their_types():
    fields = [(1, b"text"), (2, 8_555_530), (3, 0.5), (17, 0), (2, 127)]
    assert list(_protobuf.fields(message(*fields))) == fields


@pytest.mark.parametrize("cut", [1, 4, 10, 14])
def test_a_protobuf_message_that_ends_early_is_an_error(cut):
    whole = message((1, b"text"), (2, 300), (3, 0.5))
    with pytest.raises(ValueError, match="the message ends within"):
        list(_protobuf.fields(whole[:-cut]))


def test_a_protobuf_field_of_another_type_is_an_error():
    with pytest.raises(ValueError, match="field 1 of wire type 3 cannot be read"):
        list(_protobuf.fields(bytes([1 << 3 | 3])))


def tidy(folder: Path, files: dict[str, Path]) -> pd.DataFrame:
    settings_file, output = folder / "settings.json", folder / "accuracies.parquet"
    settings = {
        "space": "nasbench101",
        "recipes": ["nasbench101_official"],
        "files": [list(files)],
        "digests": {},
    }
    settings_file.write_text(json.dumps(settings))
    stage.accuracies(settings_file=settings_file, files=list(files.values()), output=output)
    return parquet.read(output).set_index(["arch", "metric"])


def test_accuracies_are_the_means_of_the_final_evaluations_in_percent(tmp_path, files):
    frame = tidy(tmp_path, files)
    assert frame.loc[(TEXT, "validation"), "accuracy"] == pytest.approx(100 * (0.875 + 0.9375 + 0.96875) / 3)
    assert frame.loc[(TEXT, "test"), "accuracy"] == pytest.approx(100 * (0.75 + 0.875 + 0.875) / 3)
    assert frame["seeds"].tolist() == [3, 3]
    assert set(frame["graph"]) == {HASH}


def test_each_cell_has_its_own_trainings(tmp_path):
    plain = {"hash": PLAIN_HASH, "adjacency": "0100", "operations": "input,output"}
    frame = tidy(tmp_path, written(tmp_path, TRAININGS[0], record(0.5, 0.25, **plain), TRAININGS[1]))
    assert frame["accuracy"].to_dict() == {
        (TEXT, "validation"): pytest.approx(90.625),
        (TEXT, "test"): pytest.approx(81.25),
        ("output~0", "validation"): 50.0,
        ("output~0", "test"): 25.0,
    }
    assert frame["seeds"].to_dict()["output~0", "test"] == 1


def test_trap_trainings_of_fewer_epochs_are_left_out(tmp_path):
    frame = tidy(tmp_path, written(tmp_path, TRAININGS[0], record(0.1, 0.1, epochs=36)))
    assert frame.loc[(TEXT, "validation"), ["accuracy", "seeds"]].tolist() == [87.5, 1]


def test_counts_are_the_trainable_parameters_once_a_cell(files):
    counts = RECIPE.counts(files)
    assert counts[["arch", "quantity", "count"]].to_numpy().tolist() == [[TEXT, "params", PARAMETERS]]
    assert counts["count"].dtype == "int64"


def test_a_cell_that_is_not_the_one_of_its_hash_is_an_error(tmp_path):
    wrong = OPERATIONS.replace("maxpool3x3", "conv1x1-bn-relu")
    with pytest.raises(
        ValueError, match=rf"nasbench\.tfrecord cannot be read .*{HASH}.*the cell has the hash"
    ):
        RECIPE.accuracies(written(tmp_path, record(0.9, 0.9, operations=wrong)))


@pytest.mark.parametrize(
    "change",
    [
        {"operations": "input,conv5x5-bn-relu,output", "adjacency": "010001000"},
        {"adjacency": "01"},
        {"adjacency": "x"},
        {"adjacency": "0" * 49},
        {"metrics": "no base64!"},
        {"metrics": base64.b64encode(message((2, 5))).decode()},
        {"metrics": base64.b64encode(metrics(0.9, 0.9)[:-3]).decode()},
        {"extra": 1},
    ],
)
def test_a_record_that_is_none_is_an_error_that_quotes_it(tmp_path, change):
    with pytest.raises(ValueError, match=rf"nasbench\.tfrecord cannot be read .*{HASH}"):
        RECIPE.accuracies(written(tmp_path, record(0.9, 0.9, **change)))


def test_an_accuracy_that_no_training_gives_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"nasbench\.tfrecord cannot be read .*nan is not a finite number"):
        tidy(tmp_path, written(tmp_path, record(np.nan, 0.9)))
    with pytest.raises(ValueError, match=r"nasbench\.tfrecord cannot be read .*not a percentage"):
        tidy(tmp_path, written(tmp_path, record(1.5, 0.9)))


def test_a_file_that_the_config_forgot_is_named():
    with pytest.raises(ValueError, match=r"missing: \['official/nasbench101/nasbench_only108\.tfrecord'\]"):
        RECIPE.accuracies({})

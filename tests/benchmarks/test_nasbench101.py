import json
from pathlib import Path

import pandas as pd
import pytest

from samples.nasbench101 import (
    BRANCH,
    CHAIN,
    CHAIN_ENCODED,
    CHAIN_UNPRUNED,
    PLAIN,
    PLAIN_ENCODED,
    POOL,
    drawn,
    hash_of,
    known,
    table,
)
from zcrepro.benchmarks import _nasbench101_cells
from zcrepro.benchmarks import tidy as stage
from zcrepro.benchmarks.nasbench101 import CELLS, FIRST_RUN, RECIPE, TABLES
from zcrepro.files import parquet
from zcrepro.spaces.nasbench101 import SPACE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    paths = {name: tmp_path / Path(name).name for name in (*TABLES, CELLS, FIRST_RUN)}
    table(paths[TABLES[0]], {CHAIN: (0.9375, 7), BRANCH: (0.75, 8)})
    table(paths[TABLES[1]], {POOL: (0.5, 9)})
    known(paths[CELLS], CHAIN, BRANCH, POOL)
    drawn(paths[FIRST_RUN], {PLAIN_ENCODED: 83.5, CHAIN_ENCODED: 93.0, CHAIN_UNPRUNED: 92.0})
    return paths


def tidy(folder: Path, files: dict[str, Path], table: str = "accuracies") -> pd.DataFrame:
    settings_file, output = folder / "settings.json", folder / f"{table}.parquet"
    settings = {"space": "nasbench101", "recipes": ["nasbench101"], "files": [list(files)], "digests": {}}
    settings_file.write_text(json.dumps(settings))
    getattr(stage, table)(settings_file=settings_file, files=list(files.values()), output=output)
    return parquet.read(output).set_index("arch")


def test_accuracies_are_percent_of_the_cells_that_the_hashes_name(tmp_path, files):
    frame = tidy(tmp_path, files)
    assert frame["accuracy"].to_dict() == {CHAIN: 93.75, BRANCH: 75.0, POOL: 50.0, PLAIN: 83.5}
    assert (frame[["task", "metric", "seeds"]] == ["cifar10", "validation", 1]).all(axis=None)


def test_the_graph_of_a_cell_is_its_published_hash(tmp_path, files):
    frame = tidy(tmp_path, files)
    assert frame["graph"].to_dict() == {text: hash_of(text) for text in frame.index}


def test_trap_only_the_trainings_of_108_epochs_are_used(tmp_path, files):
    assert not {10, 20, 30} & set(tidy(tmp_path, files)["accuracy"])


def test_trap_a_cell_in_both_files_has_the_best_of_three_trainings_and_says_so(tmp_path, files):
    source = tidy(tmp_path, files)["source"]
    assert source[CHAIN] == source[POOL] == "nasbench-vis, best of three trainings"
    assert source[PLAIN] == "NASLib, one training"


def test_trap_a_cell_that_was_drawn_twice_has_its_first_accuracy(tmp_path, files):
    table(files[TABLES[0]], {BRANCH: (0.75, 8)})
    assert tidy(tmp_path, files)["accuracy"][CHAIN] == 93.0


def test_counts_are_the_trainable_parameters(files):
    counts = RECIPE.counts(files)
    assert counts.set_index("arch")["count"].to_dict() == {CHAIN: 7, BRANCH: 8, POOL: 9}
    assert counts["count"].dtype == "int64"
    assert set(counts["quantity"]) == {"params"}
    assert counts.set_index("arch")["file"].to_dict() == {
        CHAIN: TABLES[0],
        BRANCH: TABLES[0],
        POOL: TABLES[1],
    }


def test_accuracies_by_epoch_are_percent_of_the_cells_that_the_hashes_name(tmp_path, files):
    frame = tidy(tmp_path, files, "epochs")
    by_epoch = {epoch: rows["accuracy"].to_dict() for epoch, rows in frame.groupby("epoch")}
    assert by_epoch == {
        4: dict.fromkeys((CHAIN, BRANCH, POOL), 10.0),
        12: dict.fromkeys((CHAIN, BRANCH, POOL), 20.0),
        36: dict.fromkeys((CHAIN, BRANCH, POOL), 30.0),
        108: {CHAIN: 93.75, BRANCH: 75.0, POOL: 50.0},
    }
    assert (frame[["task", "source"]] == ["cifar10", "nasbench-vis"]).all(axis=None)
    assert frame["graph"].to_dict() == {text: hash_of(text) for text in frame.index}


def test_a_shorter_training_takes_its_share_of_the_seconds_of_the_longest(tmp_path, files):
    frame = tidy(tmp_path, files, "epochs")
    seconds = {text: rows["seconds"].tolist() for text, rows in frame.groupby("arch")}
    assert seconds == {
        CHAIN: [4 * 7, 12 * 7, 36 * 7, 108 * 7],
        BRANCH: [4 * 8, 12 * 8, 36 * 8, 108 * 8],
        POOL: [4 * 9, 12 * 9, 36 * 9, 108 * 9],
    }


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("12_final_validation_accuracy", 1.5, r"validation accuracy 150\.0 of .* is not a percentage"),
        ("final_training_time", None, "None is not a finite number"),
    ],
)
def test_an_accuracy_or_a_time_that_makes_no_sense_is_an_error_that_names_the_file(
    tmp_path, files, column, value, message
):
    content = json.loads(files[TABLES[1]].read_text())
    files[TABLES[1]].write_text(json.dumps(content | {column: [value]}))
    with pytest.raises(ValueError, match=rf"data-20k\.json cannot be read \(.*{message}"):
        tidy(tmp_path, files, "epochs")


def test_a_hash_without_a_cell_is_an_error_that_says_how_to_make_the_cells(files):
    known(files[CELLS], CHAIN, POOL)
    with pytest.raises(
        ValueError,
        match=rf"cells.parquet cannot be read .*lacks 1 cells of .*10k.*{hash_of(BRANCH)}\); .*README",
    ):
        RECIPE.accuracies(files)


def test_a_cell_that_is_none_is_an_error(files):
    known(files[CELLS], "conv3x3~0|conv3x3~0|output~1")
    with pytest.raises(ValueError, match=r"no vertex of .* reads vertex 2"):
        RECIPE.counts(files)


def test_a_table_without_the_accuracies_is_an_error(files):
    files[TABLES[1]].write_text(json.dumps({"key": []}))
    with pytest.raises(
        ValueError, match=r"no column trainable_parameters, 4_final_.*, 108_final_.*, final_tr"
    ):
        RECIPE.accuracies(files)


def test_a_file_that_the_config_forgot_is_named(files):
    del files[CELLS]
    with pytest.raises(ValueError, match=r"missing: \['resources/nasbench101/cells\.parquet'\]"):
        RECIPE.accuracies(files)


@pytest.fixture
def small_space(monkeypatch):
    """Reduce the space from 423,624 cells to three."""
    few = [SPACE.parse(text) for text in (CHAIN, BRANCH, POOL)]
    monkeypatch.setattr(type(SPACE), "architectures", lambda _: iter(few))


def test_cells_are_found_by_their_hashes(tmp_path, files, small_space):
    del small_space
    table(files[TABLES[0]], {CHAIN: (0.9, 7)})
    found = tmp_path / "found.parquet"
    _nasbench101_cells.find_cells(found, files[TABLES[0]], files[TABLES[1]])
    assert _nasbench101_cells.cells_by_hash(found) == {hash_of(CHAIN): CHAIN, hash_of(POOL): POOL}


def test_a_hash_of_no_cell_is_an_error_where_cells_are_found(tmp_path, files, small_space):
    del small_space
    table(files[TABLES[0]], {PLAIN: (0.9, 7)})
    with pytest.raises(ValueError, match="2 hashes, but 1 cells have one of them"):
        _nasbench101_cells.find_cells(tmp_path / "found.parquet", files[TABLES[0]], files[TABLES[1]])


def test_the_tracked_cells_are_30001_different_ones():
    assert len(_nasbench101_cells.cells_by_hash(ROOT / CELLS)) == 30_001

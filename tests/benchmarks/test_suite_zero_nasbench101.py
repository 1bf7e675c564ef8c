import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zcrepro.benchmarks import tidy as stage
from zcrepro.benchmarks._base import PROXIES
from zcrepro.benchmarks.suite_zero_nasbench101 import FINAL, FIRST_RUN, RECIPE, ZEN, decoded, draws
from zcrepro.files import parquet

CHAIN = "(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 4, 1)"
CHAIN_TEXT = "conv3x3~0|output~1"
# The same cell with a dead vertex, whose operation does not matter.
CHAIN_UNPRUNED = "(0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 2, 1)"
# Two parallel vertices, of which the benchmark writes conv3x3 first.
FORK = "(0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 2, 1)"
FORK_RENUMBERED = "(0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 4, 1)"
FORK_TEXT = "conv3x3~0|maxpool3x3~0|output~12"

FIRST_RUN_PROXIES = tuple(proxy for proxy in PROXIES if proxy not in ("nwot", "zen"))


def encoded(rows: list[list[int]], operations: list[int]) -> str:
    return str((*np.ravel(rows).tolist(), *operations))


def draw(value: float, **change: float) -> dict[str, float]:
    return dict.fromkeys(FIRST_RUN_PROXIES, value) | {"val_accuracy": 90.0} | change


def first_run(path: Path, entries: dict[str, dict[str, float]]) -> None:
    path.write_text(json.dumps({"nasbench101": {"cifar10": entries}}))


def zen_zip(path: Path, scores: dict[str, float]) -> None:
    entries = [
        {"idx": "0", "arch": arch, "zen": {"score": value, "time": 1}} for arch, value in scores.items()
    ]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zen/", "")
        archive.writestr("zen/benchmark--nasbench101--cifar10--0.json", json.dumps(entries))


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    """Write scores of the first run, 1 for the chain and 2 for the fork, and zen 5 for the chain."""
    paths = {FIRST_RUN: tmp_path / "run.json", ZEN: tmp_path / "zen.zip"}
    first_run(paths[FIRST_RUN], {CHAIN: draw(1.0), FORK: draw(2.0)})
    zen_zip(paths[ZEN], {CHAIN: 5.0})
    return paths


def tidy(folder: Path, files: dict[str, Path]) -> pd.DataFrame:
    settings_file, output = folder / "settings.json", folder / "released.parquet"
    settings = {
        "space": "nasbench101",
        "recipes": ["suite_zero_nasbench101"],
        "files": [list(files)],
        "digests": {},
    }
    settings_file.write_text(json.dumps(settings))
    stage.released(settings_file=settings_file, files=list(files.values()), output=output)
    return parquet.read(output).set_index(["arch", "source"])


def test_naslibs_encoding_is_decoded_operation_by_operation():
    assert decoded("(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1)") == "maxpool3x3~0|output~1"
    assert decoded("(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 3, 1)") == "conv1x1~0|output~1"
    assert decoded("(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 4, 1)") == "conv3x3~0|output~1"
    assert decoded("(0, 1, 0, 0, 0, 1)") == "output~0"


def test_an_encoding_is_read_row_by_row_pruned_and_renumbered():
    rows = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert encoded(rows, [0, 4, 2, 1]) == CHAIN_UNPRUNED
    assert decoded(CHAIN_UNPRUNED) == CHAIN_TEXT
    assert decoded(FORK_RENUMBERED) == decoded(FORK) == FORK_TEXT


@pytest.mark.parametrize(
    "encoding",
    [
        "()",
        "(",
        "7",
        "(0, 1, 0, 0, 0)",
        "(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 5, 1)",
        "(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 'x', 1)",
        "__import__('os')",
    ],
)
def test_what_is_no_encoding_is_refused(encoding):
    with pytest.raises(ValueError, match="is not NASLib's encoding of a NAS-Bench-101 cell"):
        decoded(encoding)


@pytest.mark.parametrize(
    ("encoding", "reason"),
    [
        ("(0, 1, 0, 0, 1, 0)", "not a graph from an input to an output"),
        ("(0, 1, 1, 0, 0, 1)", "not a graph from an input to an output"),
        ("(0, 2, 0, 0, 0, 1)", "not a graph from an input to an output"),
        ("(0, 0, 0, 0, 0, 1)", "no path leads"),
        (encoded(np.triu(np.ones((5, 5), int), 1), [0, 4, 4, 4, 1]), "has 10 edges; at most 9"),
    ],
)
def test_an_encoding_of_no_cell_is_refused(encoding, reason):
    with pytest.raises(ValueError, match=reason):
        decoded(encoding)


def test_scores_are_taken_as_they_stand_each_run_under_its_own_source(tmp_path, files):
    frame = tidy(tmp_path, files)
    run, zen = frame.loc[(CHAIN_TEXT, "NASLib first run")], frame.loc[(CHAIN_TEXT, "NASLib nb101_zen")]
    assert [run[proxy] for proxy in FIRST_RUN_PROXIES] == [1.0] * 11
    assert zen["zen"] == 5.0
    assert len(frame) == 3
    assert set(frame["task"]) == {"cifar10"}


def test_trap_nwot_and_zen_are_missing_in_the_first_run_and_all_but_zen_in_the_other(tmp_path, files):
    missing = tidy(tmp_path, files)[list(PROXIES)].isna()
    assert set(missing.columns[missing.loc[(FORK_TEXT, "NASLib first run")]]) == {"nwot", "zen"}
    assert missing.loc[(CHAIN_TEXT, "NASLib nb101_zen")].sum() == 12


def test_trap_a_cell_that_was_drawn_twice_has_the_scores_of_its_first_draw(tmp_path, files):
    first_run(files[FIRST_RUN], {CHAIN_UNPRUNED: draw(3.0), CHAIN: draw(4.0), FORK: draw(2.0)})
    frame = tidy(tmp_path, files)
    assert frame.loc[(CHAIN_TEXT, "NASLib first run"), "snip"] == 3.0
    assert len(draws(files[FIRST_RUN])) == 3


def test_trap_the_mark_of_a_failure_becomes_nan(tmp_path, files):
    first_run(files[FIRST_RUN], {CHAIN: draw(1.0, jacov=-1e8)})
    zen_zip(files[ZEN], {FORK: -1e8, CHAIN: 5.0})
    frame = tidy(tmp_path, files)
    assert np.isnan(frame.loc[(CHAIN_TEXT, "NASLib first run"), "jacov"])
    assert np.isnan(frame.loc[(FORK_TEXT, "NASLib nb101_zen"), "zen"])


def test_counts_are_in_units_and_of_the_first_draw_in_the_benchmarks_numbering(files):
    entries = {FORK_RENUMBERED: draw(1.0, params=3.0), FORK: draw(1.0, params=0.895914, flops=150.25)}
    first_run(files[FIRST_RUN], entries | {CHAIN: draw(1.0, params=1.0, flops=2.0)})
    counts = RECIPE.counts(files)
    assert counts["count"].dtype == "int64"
    fork = counts[counts["arch"] == FORK_TEXT].set_index("quantity")["count"]
    assert fork.to_dict() == {"params": 895_914, "flops": 150_250_000}
    assert len(counts) == 4


def test_trap_counts_of_another_numbering_only_are_left_out(files):
    first_run(files[FIRST_RUN], {FORK_RENUMBERED: draw(1.0), CHAIN: draw(1.0)})
    assert set(RECIPE.counts(files)["arch"]) == {CHAIN_TEXT}


def test_the_official_release_of_the_usual_format_is_read_in_its_place(tmp_path, files):
    path = tmp_path / "final.json"
    entry = {proxy: {"score": 7.0, "time": 0.1} for proxy in PROXIES} | {"val_accuracy": 90.0}
    path.write_text(json.dumps({"cifar10": {CHAIN: entry}}))
    frame = tidy(tmp_path, {FINAL: path, ZEN: files[ZEN]})
    assert frame.loc[(CHAIN_TEXT, "NASLib final release"), list(PROXIES)].tolist() == [7.0] * 13
    assert "NASLib first run" not in frame.index.get_level_values("source")


def test_a_run_without_the_task_is_an_error(files):
    files[FIRST_RUN].write_text(json.dumps({"nasbench101": {"svhn": {}}}))
    with pytest.raises(ValueError, match="no task cifar10; it has svhn"):
        draws(files[FIRST_RUN])


def test_a_file_that_the_config_forgot_is_named(files):
    del files[ZEN]
    with pytest.raises(ValueError, match=r"missing: \['nas-bench-suite-zero/nb101_zen\.zip'\]"):
        RECIPE.released(files)

"""The recipe for NAS-Bench-Suite-Zero on NAS-Bench-301, on small files in its formats."""

import json
import zipfile

import numpy as np
import pytest

from zcrepro.benchmarks._base import PROXIES
from zcrepro.benchmarks.suite_zero_nasbench301 import (
    FINAL,
    FIRST_RUN,
    FURTHER,
    FURTHER_TASKS,
    RECIPE,
    decoded,
)

LISTS = "[[(1, 4), (0, 3), (1, 1), (0, 2), (3, 5), (1, 5), (0, 3), (2, 1)], [(1, 5), (0, 6), (1, 0), (0, 2), (1, 3), (0, 5), (3, 5), (0, 1)]]"
TUPLES = LISTS.replace("[", "(").replace("]", ")")
TEXT = (
    "normal: sep_conv_3x3~0+sep_conv_5x5~1|skip_connect~0+avg_pool_3x3~1|dil_conv_3x3~1+dil_conv_3x3~3|"
    "sep_conv_3x3~0+avg_pool_3x3~2; "
    "reduce: dil_conv_5x5~0+dil_conv_3x3~1|skip_connect~0+max_pool_3x3~1|dil_conv_3x3~0+sep_conv_3x3~1|"
    "avg_pool_3x3~0+dil_conv_3x3~3"
)
WITHOUT_ZEN = PROXIES[:-1]


def entry(value, proxies, accuracy=94.0):
    return {proxy: {"score": value, "time": 0.1} for proxy in proxies} | {
        "val_accuracy": accuracy,
        "idx": "1",
    }


def scores_json(path, value, proxies=WITHOUT_ZEN):
    path.write_text(json.dumps({"cifar10": {LISTS: entry(value, proxies)}}))


@pytest.fixture
def files(tmp_path):
    """Write the scores 3 (first run), 5 (final release) and 4 (further tasks)."""
    paths = {name: tmp_path / name.replace("/", "_") for name in (FIRST_RUN, FURTHER)}
    scores_json(paths[FIRST_RUN], 3.0)
    with zipfile.ZipFile(paths[FURTHER], "w") as archive:
        for task in FURTHER_TASKS:
            for proxy in PROXIES:
                content = [{"arch": TUPLES, proxy: {"score": 4.0}, "val_accuracy": 55.5}]
                archive.writestr(f"{proxy}/benchmark--nasbench301--{task}--0.json", json.dumps(content))
            archive.writestr(
                f"{proxy}/benchmark--nasbench201--{task}--0.json", json.dumps([{"arch": "other"}])
            )
    return paths


def official(files, tmp_path):
    path = tmp_path / "official.json"
    scores_json(path, 5.0, PROXIES)
    return {FINAL: path, FURTHER: files[FURTHER]}


def test_both_ways_to_write_an_encoding_are_decoded_edge_by_edge():
    assert decoded(LISTS) == decoded(TUPLES) == TEXT


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        (LISTS.replace("(1, 4)", "(1, 7)"), "7 is not the number of an operation"),
        (LISTS.replace("(1, 4)", "(1, -1)"), "-1 is not the number of an operation"),
        (LISTS.replace("(1, 4)", "(2, 4)"), "2 is not a source of node 2"),
        (LISTS.replace("(1, 4), ", ""), "expected 8 edges, found 7"),
        ("[[], [], []]", "expected 8 edges"),
        ("(1, 2)", "is not NASLib's encoding"),
        ("__import__('os')", "is not NASLib's encoding"),
        ("(", "is not NASLib's encoding"),
    ],
)
def test_what_is_no_encoding_is_refused(encoding, message):
    with pytest.raises(ValueError, match=message):
        decoded(encoding)


def test_trap_predictions_of_the_surrogate_say_so_and_stand_apart_from_trained_accuracies(files):
    frame = RECIPE.accuracies(files).set_index("task")
    assert frame.loc["cifar10", "source"] == "NAS-Bench-301 surrogate, NASLib first run"
    assert frame["accuracy"].to_dict() == {"cifar10": 94, "ninapro": 55.5, "svhn": 55.5, "scifar100": 55.5}
    assert set(frame.loc[list(FURTHER_TASKS), "source"]) == {"NASLib further tasks"}
    assert set(frame["metric"]) == {"validation"}
    assert frame["seeds"].isna().all()
    assert set(frame["arch"]) == {TEXT}


def test_released_scores_are_of_four_tasks(files):
    frame = RECIPE.released(files).set_index("task")
    assert frame.loc["cifar10", list(WITHOUT_ZEN)].tolist() == [3.0] * 12
    assert np.isnan(frame.loc["cifar10", "zen"])
    for task in FURTHER_TASKS:
        assert frame.loc[task, list(PROXIES)].tolist() == [4.0] * 13
    assert frame["source"].to_dict() == {"cifar10": "NASLib first run"} | dict.fromkeys(
        FURTHER_TASKS, "NASLib further tasks"
    )


def test_the_official_release_has_the_same_format_and_another_source(files, tmp_path):
    chosen = official(files, tmp_path)
    released = RECIPE.released(chosen).set_index("task")
    assert released.loc["cifar10", list(PROXIES)].tolist() == [5.0] * 13
    assert released.loc["cifar10", "source"] == "NASLib final release"
    accuracies = RECIPE.accuracies(chosen).set_index("task")
    assert accuracies.loc["cifar10", "source"] == "NAS-Bench-301 surrogate, NASLib final release"
    assert accuracies.loc["cifar10", "file"] == FINAL


def test_trap_first_run_and_final_release_are_never_read_together(files, tmp_path):
    with pytest.raises(ValueError, match=rf"not read by it: \['{FIRST_RUN}'\]"):
        RECIPE.released(files | official(files, tmp_path))


def test_a_file_that_the_config_forgot_is_named(files):
    with pytest.raises(ValueError, match=rf"missing: \['{FURTHER}'\]"):
        RECIPE.accuracies({FIRST_RUN: files[FIRST_RUN]})


def test_trap_the_mark_of_a_failure_becomes_nan(files):
    failed = entry(3.0, WITHOUT_ZEN) | {"jacov": {"score": -1e8}, "nwot": {"score": -np.inf}}
    files[FIRST_RUN].write_text(json.dumps({"cifar10": {LISTS: failed}}))
    row = RECIPE.released(files).set_index("task").loc["cifar10"]
    assert row[["jacov", "nwot"]].isna().all()
    assert row["snip"] == 3


def test_counts_are_the_released_millions_as_numbers(files):
    scores = entry(3.0, ["params", "flops"]) | {"params": {"score": 0.856298}, "flops": {"score": 153.499136}}
    files[FIRST_RUN].write_text(json.dumps({"cifar10": {LISTS: scores}}))
    counts = RECIPE.counts(files)
    of_cifar = counts[counts["task"] == "cifar10"].set_index("quantity")["count"]
    assert of_cifar.to_dict() == {"params": 856_298, "flops": 153_499_136}
    assert len(counts) == 8

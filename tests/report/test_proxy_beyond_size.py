"""Kendall's tau among pairs of equal size, and among pairs of equal counts."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro.files import parquet
from zcrepro.generalization.table import EQUAL_COUNTS

CIFAR10 = "nasbench201/cifar10"
ALL, SIZE, COUNTS = "all pairs", "pairs of nearly equal parameters", "pairs of equal counts"


@pytest.fixture
def reads(evolved_reads: list[str]) -> list[str]:
    return ["generalization/srgp", *evolved_reads]


def lines(frame: pd.DataFrame, row: str) -> pd.DataFrame:
    return frame[(frame["row"] == row) & (frame["column"] == CIFAR10)].set_index("series")


def test_a_row_has_tau_among_all_pairs_and_among_those_alike(run: Any, reads: list[str]) -> None:
    made = run.table("proxy_beyond_size", reads)
    assert lines(made, "zen")["value"].to_dict() == {ALL: 0.6, SIZE: 0.3, COUNTS: 0.15}
    fittest = lines(made, "evolved on D, the fittest")["value"]
    assert fittest.to_dict() == {ALL: 0.66, SIZE: 0.33, COUNTS: 0.165}  # repeat 1


def test_the_best_count_is_chosen_on_each_line_and_named(run: Any, reads: list[str]) -> None:
    path = run.results / "generalization" / "srgp.parquet"
    frame = parquet.read(path)
    of_count = (frame["metric"] == EQUAL_COUNTS) & (frame["method"] == "count")
    frame.loc[of_count, "value"] = np.nan  # no count tells apart what is equal in all of them
    to_parquet(frame, path)
    best = lines(run.table("proxy_beyond_size", reads), "best count")
    assert best["value"].to_dict() == {ALL: -0.62, SIZE: -0.31}
    assert set(best["choice"]) == {"d_max"}


def test_the_numbers_of_pairs_stand_above(run: Any, reads: list[str]) -> None:
    made = run.table("proxy_beyond_size", reads)
    pairs = lines(made, "number of pairs")
    assert pairs["value"].to_dict() == {ALL: 30 * 29 / 2, SIZE: 2000, COUNTS: 500}
    assert set(pairs["metric"]) == {"pairs"}


def test_few_pairs_are_marked_and_too_few_are_not_shown(run: Any, reads: list[str]) -> None:
    made = run.table("proxy_beyond_size", reads)
    assert "fewer than 1,000 pairs" in lines(made, "zen").loc[COUNTS, "note"]
    assert "fewer" not in lines(made, "zen").loc[SIZE, "note"]
    path = run.results / "generalization" / "srgp.parquet"
    frame = parquet.read(path)
    frame.loc[frame["metric"] == EQUAL_COUNTS, "n"] = 99
    to_parquet(frame, path)
    made = run.table("proxy_beyond_size", reads)
    assert list(lines(made, "zen").index) == [ALL, SIZE]
    assert lines(made, "number of pairs").loc[COUNTS, "value"] == 99


def test_only_the_line_of_all_pairs_has_an_interval(run: Any, reads: list[str]) -> None:
    made = lines(run.table("proxy_beyond_size", reads), "zen")
    assert made["interval_kind"].to_dict() == {ALL: "architectures", SIZE: "", COUNTS: ""}


def test_without_any_input_one_row_says_what_is_missing(run: Any) -> None:
    made = run.table("proxy_beyond_size", [])
    assert made["note"].tolist() == [
        "missing: the run makes no generalization/, which generalization.problems would ask for"
    ]

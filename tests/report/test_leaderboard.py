"""The leaderboard: entries in the order of their mean, compared on the same samples."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from zcrepro.files import parquet
from zcrepro.leaderboard import KEY, SCHEMA
from zcrepro.report._inputs import Inputs
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured
from zcrepro.report.tables.leaderboard_nasbench201 import KENDALL_BEHIND, TABLE

PROBLEMS = ("s/a", "s/b")
TAUS = {  # of each entry on sample 0 and 1, both problems alike
    ("formula", "formula", "both"): (0.8, 0.6),
    ("ExtraTrees", "ExtraTrees", "both"): (0.7, 0.9),
    ("proxy", "nwot", ""): (0.5, 0.5),
    ("proxy", "snip", ""): (0.1, 0.1),
    ("proxy", "zen", ""): (0.3, 0.3),
    ("proxy", "flops", ""): (0.4, 0.4),
    ("ceiling", "validation accuracy", ""): (0.95, 0.95),
}
SHIFTS = (-0.02, 0.0, 0.02)  # of tau on resamples of the graphs, the same for all entries


def table(folder: Path) -> list[Measured]:
    rows = [
        {
            "kind": kind,
            "entry": entry,
            "inputs": inputs,
            "population": "twenty networks",
            "problem": problem,
            "sample": sample,
            "kendall": tau,
            "best_tenth": tau / 2,
            "resampled": [tau + shift for shift in SHIFTS],
            "n": 20,
            "labels": 0 if kind == "ceiling" else 8,
            "formula": "",
            "size": 1,
        }
        for (kind, entry, inputs), taus in TAUS.items()
        for sample, tau in enumerate(taus)
        for problem in PROBLEMS
    ]
    parquet.write(folder / "x.parquet", pd.DataFrame(rows)[SCHEMA.names], SCHEMA, KEY, {})
    inputs = Inputs(["leaderboard/x"], [folder / "x.parquet"])
    return list(TABLE.measure(Context(inputs, 0, 10, 0.95)))


def confidence(mean: float, error: float) -> tuple[float, float]:
    """Return the ends of Student's t interval with one degree of freedom, of two samples."""
    half = float(stats.t.ppf(0.975, 1)) * error
    return mean - half, mean + half


def value(found: list[Measured], row: str, column: str, metric: str = "kendall") -> Measured:
    return next(each for each in found if (each.row, each.column, each.metric) == (row, column, metric))


def test_the_best_comes_first_and_the_ceiling_last(tmp_path: Path) -> None:
    found = table(tmp_path)
    rows = list(dict.fromkeys(each.row for each in found))
    assert rows == ["ExtraTrees of both", "formula of both", "nwot", "flops", "zen", "validation accuracy"]


def test_means_are_over_the_samples(tmp_path: Path) -> None:
    found = table(tmp_path)
    formula = value(found, "formula of both", "s/a")
    assert (formula.value, formula.seeds, formula.n) == (pytest.approx(0.7), 2, 20)
    error = math.hypot(0.1, np.std(SHIFTS, ddof=1))  # over the samples, and over the graphs
    assert formula.interval == pytest.approx(confidence(0.7, error))
    proxy = value(found, "nwot", "s/a")  # the samples agree
    assert proxy.interval == pytest.approx(confidence(0.5, np.std(SHIFTS, ddof=1)))
    assert value(found, "formula of both", "mean").value == pytest.approx(0.7)
    assert value(found, "nwot", "mean, best tenth", "kendall among the best tenth").value == pytest.approx(
        0.25
    )


def test_entries_are_compared_with_the_first_sample_by_sample(tmp_path: Path) -> None:
    found = table(tmp_path)
    behind = value(found, "formula of both", "behind the first", KENDALL_BEHIND)
    assert behind.value == pytest.approx(np.mean([0.7 - 0.8, 0.9 - 0.6]))
    assert behind.interval == pytest.approx(confidence(0.1, np.std([-0.1, 0.3], ddof=1) / math.sqrt(2)))
    first = value(found, "ExtraTrees of both", "behind the first", KENDALL_BEHIND)
    assert first.value == 0
    assert math.isnan(first.interval[0])
    assert not any(each.column == "behind the first" for each in found if each.row == "validation accuracy")


def test_a_run_without_leaderboard_says_so() -> None:
    found: list[Any] = list(TABLE.measure(Context(Inputs([], []), 0, 10, 0.95)))
    assert [each.missing for each in found] == [
        "the run makes no leaderboard/, which leaderboard would ask for"
    ]


def test_no_two_values_stand_in_one_cell(tmp_path: Path) -> None:
    cells = [(each.row, each.column, each.series) for each in table(tmp_path)]
    assert len(cells) == len(set(cells))

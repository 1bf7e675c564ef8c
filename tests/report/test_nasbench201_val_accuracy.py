"""How often NASLib's accuracy equals another one, on sixty architectures."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.problems.accuracies import NASLIB

NAME, READS = "nasbench201_val_accuracy", ["accuracies/nasbench201"]


def value(made: pd.DataFrame, task: str, column: str) -> float:
    (found,) = made.loc[(made["row"] == task) & (made["column"] == column), "value"]
    return float(found)


@pytest.fixture
def made(run: Any) -> pd.DataFrame:
    """The table of architectures of which every third was trained once, with the same test accuracy."""
    path = run.results / "accuracies/nasbench201.parquet"
    table = parquet.read(path)
    once = np.isin(table["arch"], sorted(set(table["arch"]))[::3])
    other = (table["metric"] != "test") | ((table["task"] != "cifar10") & ~once)
    changed = table.assign(
        accuracy=table["accuracy"].where((table["metric"] == NASLIB) | ~other, table["accuracy"] + 1),
        seeds=np.where(once, 1, 3),
    )
    parquet.write(path, changed, ACCURACIES, ["task", "metric", "arch"], {})
    return run.table(NAME, READS)


def test_the_percentages_are_of_all_and_of_those_that_were_trained_once(made: pd.DataFrame) -> None:
    test, validation = "equal to the test accuracy", "equal to the validation accuracy"
    assert value(made, "cifar100", test) == pytest.approx(100 / 3, abs=1e-4)
    assert value(made, "cifar100", f"{test}, trained once") == 100
    assert value(made, "cifar100", validation) == value(made, "cifar100", f"{validation}, trained once") == 0


def test_the_test_accuracy_of_cifar10_is_of_other_networks(made: pd.DataFrame) -> None:
    rows = made[(made["row"] == "cifar10") & made["column"].str.contains("test")]
    assert len(rows) == 2
    assert rows["note"].str.contains("half of the training set").all()


def test_a_source_without_naslibs_accuracies_says_so(run: Any) -> None:
    path = run.results / "accuracies/nasbench201.parquet"
    table = parquet.read(path)
    parquet.write(path, table[table["metric"] != NASLIB], ACCURACIES, ["task", "metric", "arch"], {})
    made = run.table(NAME, READS)
    assert made["value"].isna().all()
    assert made["note"].str.contains("has no val_accuracy of").all()

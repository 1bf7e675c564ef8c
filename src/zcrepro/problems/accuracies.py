"""Read the accuracies of a problem, of the kind that chooses or of the kind that reports.

If a benchmark has both kinds, validation accuracy chooses formulas and models, and test accuracy reports on
them.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from zcrepro.files import parquet
from zcrepro.problems.problem import Problem

CHOOSING = ("validation", "test")
"""Kinds of accuracy to choose by; the first that the benchmark has is used."""

REPORTING = ("test", "validation")
"""Kinds of accuracy to report; the first that the benchmark has is used."""

NASLIB = "val_accuracy"
"""Kind of accuracy that NASLib calls validation accuracy. Nothing is chosen or judged by it."""


def read_accuracies(problem: Problem, path: Path, metrics: Sequence[str]) -> tuple[str, pd.DataFrame]:
    """Return the kind of accuracy, and a frame of arch, graph and accuracy (percent, higher is better).

    ``metrics`` is CHOOSING or REPORTING. Raises ValueError if the file has neither kind for the task, or if
    an architecture occurs twice.
    """
    table = parquet.read(path, ["arch", "graph", "task", "metric", "accuracy"])
    metric, rows = of_task(table, problem.task, metrics)
    if rows.empty:
        raise ValueError(
            f"{path} has no {' or '.join(metrics)} accuracy for the task {problem.task!r} of {problem}"
        )
    return metric, unique(rows, path, problem)


def of_task(table: pd.DataFrame, task: str, metrics: Sequence[str]) -> tuple[str, pd.DataFrame]:
    """Return the first of ``metrics`` that a table of accuracies has for ``task``, and its rows.

    The columns are arch, graph and accuracy. If the table has none of the metrics, the frame is empty.
    """
    known = table[(table["task"] == task) & table["accuracy"].notna()]
    metric = next((metric for metric in metrics if (known["metric"] == metric).any()), "")
    return metric, known.loc[known["metric"] == metric, ["arch", "graph", "accuracy"]]


def read_both(problem: Problem, path: Path) -> pd.DataFrame:
    """Return a frame of arch, graph, validation and test (percent); test is NaN if there is none.

    Raises ValueError if the task has no validation accuracy.
    """
    frame = parquet.read(path, ["arch", "graph", "task", "metric", "accuracy"])
    of = frame[frame["task"] == problem.task]
    wide = of.pivot(index=["arch", "graph"], columns="metric", values="accuracy")
    if "validation" not in wide:
        raise ValueError(
            f"{path} has no validation accuracy of {problem.task}, and only that may choose in a search"
        )
    return wide.reindex(columns=["validation", "test"]).dropna(subset="validation").reset_index()


def unique(table: pd.DataFrame, path: Path, problem: Problem) -> pd.DataFrame:
    """Return ``table``. Raises ValueError if an architecture occurs twice."""
    repeated = table["arch"].duplicated()
    if repeated.any():
        example = table.loc[repeated, "arch"].iloc[0]
        raise ValueError(
            f"{path}: {int(repeated.sum())} architectures of {problem} stand there twice, as {example!r}"
        )
    return table

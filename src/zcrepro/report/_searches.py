"""Curves of searches, read from ``search/<experiment>/<space>-<task>``."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.report._inputs import Inputs

SEARCHES = "search"

METHOD = ["method", "algorithm", "guide"]


@dataclass(frozen=True)
class Curves:
    """The searches of one problem by one method, which is an algorithm and the proxy that guides it.

    Parameters
    ----------
    problem
        What was searched.
    method, algorithm, guide
        The name of the method, and its parts; the guide is ``none`` for a plain search.
    metric
        Kind of the reported accuracy: test, or validation if the benchmark has no test accuracy.
    domain
        The number of architectures that can be found.
    labels
        The number of accuracies that the guide was made from.
    accuracy
        Accuracy in percent of the best model so far, chosen by validation accuracy: (repeats, budget).
    """

    problem: Problem
    method: str
    algorithm: str
    guide: str
    metric: str
    domain: int
    labels: int
    accuracy: np.ndarray

    @property
    def budget(self) -> int:
        return int(self.accuracy.shape[1])

    def mean(self) -> np.ndarray:
        """Return the mean over the repeats, (budget,)."""
        return np.asarray(self.accuracy.mean(axis=0))


def curves(inputs: Inputs) -> Iterator[Curves]:
    """Yield all searches among the inputs, in the order of the inputs and then of the methods' names."""
    for name in inputs.names(SEARCHES):
        for (space, task), rows in inputs.frame(name).groupby(["space", "task"], sort=True):
            yield from _of_problem(Problem(str(space), str(task)), rows)


def _of_problem(problem: Problem, frame: pd.DataFrame) -> Iterator[Curves]:
    metric = "test" if frame["test"].notna().any() else "validation"
    budget = int(frame["trained"].max())
    for (method, algorithm, guide), rows in frame.groupby(METHOD, sort=True):
        yield Curves(
            problem,
            str(method),
            str(algorithm),
            str(guide),
            metric,
            domain=int(rows["domain"].max()),
            labels=int(rows["labels"].max()),
            accuracy=_by_repeat(rows, metric, budget),
        )


def _by_repeat(rows: pd.DataFrame, metric: str, budget: int) -> np.ndarray:
    """Return one line per repeat; a search that ended early keeps its best model."""
    wide = rows.pivot(index="repeat", columns="trained", values=metric)
    return wide.reindex(columns=range(1, budget + 1)).ffill(axis=1).to_numpy(np.float64)

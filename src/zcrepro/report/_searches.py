"""Curves of searches: what stands in ``search/<space>-<task>``, by problem and method."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.report._inputs import Inputs

QUANTILES = (0.25, 0.75)


@dataclass(frozen=True)
class Curves:
    """The searches of one problem by one method.

    ``accuracy``: (repeats, budget), the accuracy of the best model so far, in percent, chosen by
    validation accuracy; ``metric`` says whether it is its test or, where the benchmark has none, its
    validation accuracy. ``domain``: how many architectures were searched; ``labels``: how many
    accuracies the guide had seen before.
    """

    problem: Problem
    method: str
    metric: str
    domain: int
    labels: int
    accuracy: np.ndarray

    @property
    def budget(self) -> int:
        return int(self.accuracy.shape[1])

    def mean(self) -> np.ndarray:
        return np.asarray(self.accuracy.mean(axis=0))

    def band(self) -> tuple[np.ndarray, np.ndarray]:
        """The 25 and 75 percent quantiles over the repeats, each of shape (budget,)."""
        low, high = np.quantile(self.accuracy, QUANTILES, axis=0)
        return low, high


def curves(inputs: Inputs) -> Iterator[Curves]:
    """All searches among the inputs, in the order of the inputs and then of the methods' names."""
    for name in inputs.names("search"):
        space, _, task = name.removeprefix("search/").partition("-")
        frame = inputs.frame(name)
        metric = "test" if frame["test"].notna().any() else "validation"
        budget = int(frame["trained"].max())
        for method, rows in frame.groupby("method", sort=True):
            known = {name: int(rows[name].max()) for name in ("domain", "labels")}
            accuracy = _by_repeat(rows, metric, budget)
            yield Curves(Problem(space, task), str(method), metric, accuracy=accuracy, **known)


def _by_repeat(rows: pd.DataFrame, metric: str, budget: int) -> np.ndarray:
    """One line a repeat; a search that ended early, since it knew all models, keeps its best."""
    wide = rows.pivot(index="repeat", columns="trained", values=metric)
    return wide.reindex(columns=range(1, budget + 1)).ffill(axis=1).to_numpy(np.float64)

"""Curves of searches, read from ``search/<experiment>/<space>-<task>``."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.report._inputs import Inputs

SEARCHES = "search"

METHOD = ["method", "algorithm", "guide", "help", "amount"]


@dataclass(frozen=True)
class Curves:
    """The searches of one problem by one method: an algorithm, plain or with the help of a proxy.

    Parameters
    ----------
    problem
        What was searched.
    method
        The name of the method.
    algorithm, guide, help, amount
        The parts of the name: the algorithm, the proxy that guides it, and how and by how much it helps. The
        guide and the help of a plain search are ``none``.
    metric
        Kind of the reported accuracy: test, or validation if the benchmark has no test accuracy.
    domain
        The number of architectures that can be found.
    labels
        The number of accuracies that the guide was made from.
    highest
        The highest accuracy in the domain.
    accuracy
        Accuracy in percent of the best model so far, chosen by validation accuracy: (repeats, budget).
    """

    problem: Problem
    method: str
    algorithm: str
    guide: str
    help: str
    amount: int
    metric: str
    domain: int
    labels: int
    highest: float
    accuracy: np.ndarray

    @property
    def budget(self) -> int:
        return int(self.accuracy.shape[1])

    @property
    def how(self) -> str:
        """How the search is helped, in words, without the guide."""
        if self.guide == "none":
            return "plain"
        return f"{self.help} {self.amount}" if self.amount else self.help

    def mean(self) -> np.ndarray:
        """Return the mean over the repeats, (budget,)."""
        return np.asarray(self.accuracy.mean(axis=0))

    def models_to(self, accuracy: float) -> np.ndarray:
        """Return how many models each repeat trains to reach an accuracy, or infinity, (repeats,)."""
        reached = self.accuracy >= accuracy
        return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)


def curves(inputs: Inputs, folder: str = SEARCHES) -> Iterator[Curves]:
    """Yield all searches among the inputs, in the order of the inputs and then of the methods' names.

    The searches of one problem may lie in several files, one for each experiment.
    """
    frames = [inputs.frame(name) for name in inputs.names(folder)]
    if frames:
        for (space, task), rows in pd.concat(frames).groupby(["space", "task"], sort=False):
            yield from _of_problem(Problem(str(space), str(task)), rows)


def _of_problem(problem: Problem, frame: pd.DataFrame) -> Iterator[Curves]:
    metric = "test" if frame["test"].notna().any() else "validation"
    repeated = frame[frame.duplicated([*METHOD, "repeat", "trained"])]
    if len(repeated):
        raise ValueError(
            f"two experiments search {problem} by {repeated['method'].iloc[0]}; leave it to one of them in "
            "search.<experiment>.algorithms of the configuration"
        )
    for _, rows in frame.groupby(METHOD, sort=True):
        first = rows.iloc[0]
        yield Curves(
            problem=problem,
            method=str(first["method"]),
            algorithm=str(first["algorithm"]),
            guide=str(first["guide"]),
            help=str(first["help"]),
            amount=int(first["amount"]),
            metric=metric,
            domain=int(rows["domain"].max()),
            labels=int(rows["labels"].max()),
            highest=float(rows[f"highest_{metric}"].max()),
            accuracy=_by_repeat(rows, metric),
        )


def _by_repeat(rows: pd.DataFrame, metric: str) -> np.ndarray:
    """Return one line per repeat. A model is the best until another one is, or the budget is spent."""
    wide = rows.pivot(index="repeat", columns="trained", values=metric)
    budget = int(rows["budget"].max())
    return wide.reindex(columns=range(1, budget + 1)).ffill(axis=1).to_numpy(np.float64)

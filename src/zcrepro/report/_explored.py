"""Scores of architectures beside their accuracies by problem, for the figures that compare proxies.

These figures also name ``structure/*`` among what they read: the spaces whose structure a run counts are
those whose published scores it is about.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from zcrepro.problems.accuracies import REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.programs.names import is_score
from zcrepro.ranking.correlation import kendall
from zcrepro.report import _vega
from zcrepro.report._inputs import Inputs
from zcrepro.report._scored import has_task, with_accuracy

FEATURES, RELEASED = "features", "released"

KEYS = ["arch", "graph", "task", "source", "accuracy"]

FEWEST = 10
"""Architectures with a score that a proxy must have to be shown."""


@dataclass(frozen=True)
class Explored:
    """The scores of one problem from one place, a row per architecture, with the column ``accuracy``.

    ``origin`` says whether the scores are the project's own or published, ``metric`` which accuracy it is.
    """

    problem: Problem
    origin: str
    metric: str
    rows: pd.DataFrame

    @property
    def label(self) -> str:
        """The problem and the origin of the scores."""
        return f"{_vega.problem_title(self.problem)}, {self.origin}"

    @cached_property
    def proxies(self) -> list[str]:
        """The proxies with enough scores, in the order of the table."""
        numbers = self.rows.select_dtypes(np.float64).columns
        scores = [name for name in numbers if name not in KEYS and is_score(name)]
        return [name for name in scores if self.rows[name].count() >= FEWEST]

    @cached_property
    def taus(self) -> dict[str, tuple[float, int]]:
        """Kendall's tau of each proxy with the accuracy, and the number of architectures it is of."""
        return {name: self._tau(name) for name in self.proxies}

    def _tau(self, name: str) -> tuple[float, int]:
        known = self.rows[np.isfinite(self.rows[name])]
        return kendall(known[name].to_numpy(), known["accuracy"].to_numpy()), len(known)


def explored(inputs: Inputs) -> list[Explored]:
    """Return the problems with scores of any proxy, those with most scores first.

    Our own scores are those of the first draw.
    """
    found = [each for each in _every(inputs) if each.proxies]
    return sorted(found, key=lambda each: -len(each.proxies) * len(each.rows))


def _every(inputs: Inputs) -> Iterator[Explored]:
    for name in inputs.names(FEATURES):
        problem = Problem.parse(name.removeprefix(f"{FEATURES}/"))
        if has_task(inputs, "accuracies", problem):
            yield _joined(problem, "our scores", inputs.draws(name)[0], inputs)
    for name in inputs.names(RELEASED):
        space = name.removeprefix(f"{RELEASED}/")
        for task, rows in inputs.frame(name).groupby("task", sort=True):
            problem = Problem(space, str(task))
            if has_task(inputs, "accuracies", problem):
                yield _joined(problem, "published scores", _richest(rows), inputs)


def _richest(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the source with most scores of most proxies; sources are never mixed."""
    scores = rows.groupby("source").count().drop(columns=["arch", "graph", "task"])
    proxies = (scores >= FEWEST).sum(axis="columns")
    best = scores.sum(axis="columns")[proxies == proxies.max()].idxmax()
    return rows[rows["source"] == best]


def _joined(problem: Problem, origin: str, scores: pd.DataFrame, inputs: Inputs) -> Explored:
    accuracies = inputs.frame(f"accuracies/{problem.space}")
    metric, rows, _ = with_accuracy(scores, accuracies, problem.task, REPORTING)
    return Explored(problem, origin, metric, rows.replace([np.inf, -np.inf], np.nan))

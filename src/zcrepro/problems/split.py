"""Split the graphs of a space into those that formulas are evolved on and those held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zcrepro import seeds
from zcrepro.problems.rows import Rows

LEAST_HELD_OUT = 2
"""The smallest number of held-out graphs of a problem. A rank correlation needs two."""


@dataclass(frozen=True)
class Split:
    """The graphs that a formula may have been evolved on: those whose random number is at most a cutoff.

    The random number of a graph is a function of (seed, space, graph) only. So all repeats, all tasks of a
    space and all stages agree on the split, whichever rows their files hold, and the cutoffs are all that
    has to be recorded.

    ``seed`` is the seed of the random numbers, and ``cutoffs`` has one cutoff per space.
    """

    seed: int
    cutoffs: Mapping[str, int]

    def held_out(self, space: str, graphs: np.ndarray) -> np.ndarray:
        """Return whether each graph of ``space`` was held out, in all of its tasks: boolean, (n,)."""
        if space not in self.cutoffs:
            return np.ones(len(graphs), np.bool_)
        return _numbers(self.seed, space, graphs) > self.cutoffs[space]

    def as_json(self) -> dict[str, Any]:
        """Return plain values, cutoffs in hexadecimal, because many JSON readers round large integers."""
        return {"seed": self.seed, "cutoffs": {space: f"{cut:016x}" for space, cut in self.cutoffs.items()}}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Split:
        """Return the split from the value of ``as_json``."""
        return cls(found["seed"], {space: int(cut, 16) for space, cut in found["cutoffs"].items()})


def draw(problems: Sequence[Rows], architectures: Sequence[int], seed: int) -> tuple[list[Rows], Split]:
    """Draw some rows of each problem to evolve on, and return them with the split that results.

    ``architectures`` has the number of rows for each problem. Graphs are drawn instead of texts, and each
    contributes one architecture, because copies would only give it more weight. The tasks of a space have
    different graphs: the accuracies of one network on several tasks are correlated, so that another network
    says more.

    Raises ValueError if a problem has too few graphs to train on and to hold out.
    """
    cutoffs: dict[str, int] = {}
    training = []
    for rows, number in zip(problems, architectures, strict=True):
        space = rows.problem.space
        numbers = _numbers(seed, space, rows.graph)
        # Rows are sorted by architecture, so the row taken of a graph does not depend on the file.
        distinct, first = np.unique(numbers, return_index=True)
        free = distinct > cutoffs.get(space, -1)
        distinct, first = distinct[free], first[free]
        if len(distinct) < number + LEAST_HELD_OUT:
            raise ValueError(
                f"{rows.problem}: {number} architectures to train on and some to hold out were asked for, "
                f"but only {len(distinct)} graphs have all scores and are not drawn for another task; train "
                "on fewer"
            )
        cutoffs[space] = int(distinct[number - 1])
        training.append(rows.where(np.sort(first[:number])))
    split = Split(seed, cutoffs)
    for rows in problems:
        held_out = set(rows.graph[split.held_out(rows.problem.space, rows.graph)])
        if len(held_out) < LEAST_HELD_OUT:
            raise ValueError(
                f"{rows.problem}: only {len(held_out)} of its graphs are left to hold out beside those that "
                "are drawn for other tasks; train on fewer"
            )
    return training, split


def _numbers(seed: int, space: str, graphs: np.ndarray) -> np.ndarray:
    """Return one random integer per graph, a function of (seed, space, graph) only."""
    return np.array([seeds.derive(seed, "split", space, graph) for graph in graphs], np.int64)

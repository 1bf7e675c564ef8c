"""The split of a space's graphs into those that formulas are evolved on and those held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zcrepro import seeds
from zcrepro.problems.rows import Rows


@dataclass(frozen=True)
class Split:
    """Which graphs a formula was, or may have been, evolved on: for each space, those drawn up to a cutoff.

    Every graph has a random number of its own, a function of (seed, space, graph) alone. So every repeat,
    every task of a space and every stage agree on the split, whichever rows their files hold, and a file
    needs to record no more than the cutoffs.
    """

    seed: int
    cutoffs: Mapping[str, int]

    def held_out(self, space: str, graphs: np.ndarray) -> np.ndarray:
        """Return True for graphs of ``space`` that were never trained on, in none of its tasks."""
        if space not in self.cutoffs:
            return np.ones(len(graphs), np.bool_)
        return _numbers(self.seed, space, graphs) > self.cutoffs[space]

    def as_json(self) -> dict[str, Any]:
        """Return plain values; cutoffs are hexadecimal, since many readers of JSON round large integers."""
        return {"seed": self.seed, "cutoffs": {space: f"{cut:016x}" for space, cut in self.cutoffs.items()}}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Split:
        """Return the split that ``as_json`` wrote."""
        return cls(found["seed"], {space: int(cut, 16) for space, cut in found["cutoffs"].items()})


def draw(problems: Sequence[Rows], architectures: int, seed: int) -> tuple[list[Rows], Split]:
    """Draw ``architectures`` rows of each problem to train on, each of another graph.

    Graphs are drawn, never texts, and of each graph one architecture: copies would only weigh it. The tasks
    of a space share their random numbers, since a network's accuracies on them are alike. Returns the rows
    and the split that they make. Raises ValueError if a problem has too few graphs.
    """
    cutoffs: dict[str, int] = {}
    training = []
    for rows in problems:
        space = rows.problem.space
        numbers = _numbers(seed, space, rows.graph)
        # Rows are sorted by architecture, so the first of equal numbers is the same in every order of rows.
        distinct, first = np.unique(numbers, return_index=True)
        if len(distinct) < architectures + 2:
            raise ValueError(
                f"{rows.problem}: {architectures} architectures to train on and some to hold out were "
                f"asked for, but only {len(distinct)} graphs have all scores; lower `architectures`"
            )
        cutoffs[space] = max(cutoffs.get(space, 0), int(distinct[architectures - 1]))
        training.append(rows.where(np.sort(first[:architectures])))
    return training, Split(seed, cutoffs)


def _numbers(seed: int, space: str, graphs: np.ndarray) -> np.ndarray:
    """Return one integer for each graph, which depends on (seed, space, graph) alone."""
    return np.array([seeds.derive(seed, "split", space, graph) for graph in graphs], np.int64)

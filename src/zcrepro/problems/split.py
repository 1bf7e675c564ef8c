"""Split the graphs of a space into those that formulas are evolved on and those held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import pandas as pd

from zcrepro import seeds
from zcrepro.problems.rows import Rows

LEAST_HELD_OUT = 2
"""The smallest number of held-out graphs of a problem. A rank correlation needs two."""


DrawnBy = Literal["graphs", "architectures"]
"""What has equal probabilities in a draw of architectures."""

GRAPHS: DrawnBy = "graphs"


@dataclass(frozen=True)
class Split:
    """The graphs that a formula may have been evolved on, by their random numbers.

    The random number of a graph is a function of (seed, space, graph) only. So all repeats, all tasks of a
    space and all stages agree on the split, whichever rows their files hold.

    Attributes
    ----------
    seed
        The seed of the random numbers.
    cutoffs
        By space, the largest number of a graph that may have been evolved on.
    drawn
        By space, the numbers of the graphs that were evolved on, for a space without a cutoff.
    """

    seed: int
    cutoffs: Mapping[str, int]
    drawn: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def spaces(self) -> set[str]:
        """The spaces of which some graphs are not held out."""
        return {*self.cutoffs, *self.drawn}

    def held_out(self, space: str, graphs: np.ndarray) -> np.ndarray:
        """Return whether each graph of ``space`` was held out, in all of its tasks: boolean, (n,)."""
        if space not in self.spaces:
            return np.ones(len(graphs), np.bool_)
        numbers = _numbers(self.seed, space, graphs)
        if space in self.cutoffs:
            return numbers > self.cutoffs[space]
        return ~np.isin(numbers, list(self.drawn[space]))

    def as_json(self) -> dict[str, Any]:
        """Return plain values, numbers in hexadecimal, because many JSON readers round large integers."""
        found: dict[str, Any] = {
            "seed": self.seed,
            "cutoffs": {space: f"{cut:016x}" for space, cut in self.cutoffs.items()},
        }
        if self.drawn:
            found["drawn"] = {
                space: " ".join(f"{number:016x}" for number in sorted(numbers))
                for space, numbers in self.drawn.items()
            }
        return found

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Split:
        """Return the split from the value of ``as_json``."""
        return cls(
            found["seed"],
            {space: int(cut, 16) for space, cut in found["cutoffs"].items()},
            {
                space: frozenset(int(number, 16) for number in numbers.split())
                for space, numbers in found.get("drawn", {}).items()
            },
        )


def draw(
    problems: Sequence[Rows], architectures: Sequence[int], seed: int, by: DrawnBy = GRAPHS
) -> tuple[list[Rows], Split]:
    """Draw some rows of each problem to evolve on, and return them with the split that results.

    Parameters
    ----------
    problems
        The rows to draw from. The tasks of a space get different graphs: the accuracies of one network on
        several tasks are correlated, so that another network says more.
    architectures
        The number of rows for each problem.
    seed
        The seed of the draw.
    by
        With ``graphs``, all graphs have equal probabilities. With ``architectures``, all rows have, so that
        the sample is distributed as the rows are. Either way, a graph contributes one architecture, because
        copies would only give it more weight.

    Raises
    ------
    ValueError
        If a problem has too few graphs to train on and to hold out.
    """
    split = Split(seed, {})
    training: list[Rows] = []
    for rows, number in zip(problems, architectures, strict=True):
        places = _one_per_graph(rows, seed, by)
        places = places[split.held_out(rows.problem.space, rows.graph[places])]
        if len(places) < number + LEAST_HELD_OUT:
            raise ValueError(
                f"{rows.problem}: {number} architectures to train on and some to hold out were asked for, "
                f"but only {len(places)} graphs have all scores and are not drawn for another task; train "
                "on fewer"
            )
        training.append(rows.where(np.sort(places[:number])))
        split = _split(seed, training, by)
    for rows in problems:
        held_out = set(rows.graph[split.held_out(rows.problem.space, rows.graph)])
        if len(held_out) < LEAST_HELD_OUT:
            raise ValueError(
                f"{rows.problem}: only {len(held_out)} of its graphs are left to hold out beside those that "
                "are drawn for other tasks; train on fewer"
            )
    return training, split


def _one_per_graph(rows: Rows, seed: int, by: DrawnBy) -> np.ndarray:
    """Return the place of one row of each graph, in the order of the random numbers."""
    space = rows.problem.space
    if by == GRAPHS:
        # Rows are sorted by architecture, so the row taken of a graph does not depend on the file.
        return np.unique(_numbers(seed, space, rows.graph), return_index=True)[1]
    order = np.argsort(_numbers(seed, space, rows.arch), kind="stable")
    return order[~pd.Index(rows.graph[order]).duplicated()]


def _split(seed: int, training: Sequence[Rows], by: DrawnBy) -> Split:
    """Return the split that results from what was drawn."""
    numbers: dict[str, frozenset[int]] = {}
    for rows in training:
        space = rows.problem.space
        drawn = _numbers(seed, space, rows.graph).tolist()
        numbers[space] = numbers.get(space, frozenset()) | frozenset(drawn)
    if by == GRAPHS:
        return Split(seed, {space: max(of) for space, of in numbers.items()})
    return Split(seed, {}, numbers)


def _numbers(seed: int, space: str, texts: np.ndarray) -> np.ndarray:
    """Return one random integer per graph or architecture, a function of (seed, space, text) only."""
    return np.array([_number(seed, space, text) for text in texts], np.int64)


@lru_cache(2**16)  # a stage asks for the same split again for each problem and each entry of a table
def _number(seed: int, space: str, text: str) -> int:
    return seeds.derive(seed, "split", space, text)

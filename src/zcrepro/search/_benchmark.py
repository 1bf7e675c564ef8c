"""A benchmark as a searcher meets it: train an architecture, be told its validation accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

import numpy as np

from zcrepro.spaces.base import Arch, Space

FEWEST_NEIGHBOURS = 8


class BudgetSpentError(Exception):
    """The searcher has trained as many models as it may."""


@dataclass
class Table:
    """Architectures with known accuracies, by index, and who neighbours whom.

    ``validation`` and ``test``: percent; ``test`` is NaN where the benchmark has none.
    """

    space: Space
    archs: Sequence[Arch]
    validation: np.ndarray
    test: np.ndarray
    _index: dict[Arch, int] = field(init=False)
    _neighbours: dict[int, np.ndarray] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._index = {arch: i for i, arch in enumerate(self.archs)}

    def __len__(self) -> int:
        return len(self.archs)

    def neighbours(self, index: int) -> np.ndarray:
        """The tabulated architectures one edit away; in a sparse table at least the eight nearest."""
        if index not in self._neighbours:
            one_edit = [self._index.get(arch) for arch in self.space.neighbours(self.archs[index])]
            found = [i for i in one_edit if i is not None]
            if len(found) < FEWEST_NEIGHBOURS:
                found = self._nearest(index)
            self._neighbours[index] = np.array(found)
        return self._neighbours[index]

    def _nearest(self, index: int) -> list[int]:
        arch = self.archs[index]
        others = (i for i in range(len(self)) if i != index)
        return nsmallest(
            FEWEST_NEIGHBOURS, others, key=lambda i: (self.space.distance(arch, self.archs[i]), i)
        )


@dataclass
class Trainer:
    """Pays for each model once: a model that was trained before costs nothing again."""

    table: Table
    budget: int
    trained: list[int] = field(default_factory=list)
    _known: set[int] = field(default_factory=set)

    def train(self, index: int) -> float:
        """The validation accuracy. Raises BudgetSpentError before a model that cannot be paid for."""
        if index not in self._known:
            if len(self.trained) >= self.budget:
                raise BudgetSpentError
            self._known.add(index)
            self.trained.append(index)
        return float(self.table.validation[index])

    @property
    def exhausted(self) -> bool:
        """Whether nothing new can be trained, by budget or because all is known."""
        return len(self.trained) >= min(self.budget, len(self.table))


@dataclass(frozen=True)
class Guide:
    """A proxy that steers a search: ``scores`` by index, larger is better, NaN ranks last."""

    scores: np.ndarray
    warmup: int
    move_probability: float

    def best_first(self, indices: np.ndarray) -> np.ndarray:
        """``indices`` by falling score; ties keep their order."""
        scores = np.where(np.isnan(self.scores), -np.inf, self.scores)[indices]
        return indices[np.argsort(-scores, kind="stable")]


def warmed_up(table: Table, guide: Guide | None, rng: np.random.Generator) -> np.ndarray:
    """All architectures in random order; with a guide, the first ``warmup`` of them best first."""
    order = rng.permutation(len(table))
    if guide is None:
        return order
    return np.concatenate([guide.best_first(order[: guide.warmup]), order[guide.warmup :]])

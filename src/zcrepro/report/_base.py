"""What a table and a figure are: each file of ``tables`` and ``figures`` holds one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zcrepro import seeds
from zcrepro.ranking import correlation
from zcrepro.report._inputs import Inputs
from zcrepro.report.comparison import Measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made: ``resamples`` of the graphs, from a stream of its own for each figure."""

    seed: int
    resamples: int
    level: float

    def interval(
        self,
        statistic: correlation.Statistic,
        x: np.ndarray,
        y: np.ndarray,
        graphs: np.ndarray,
        *key: str | int,
    ) -> tuple[float, float]:
        """``correlation.interval`` over graphs; ``key`` names the figure."""
        return correlation.interval(statistic, x, y, graphs, self.resamples, self.rng(*key), self.level)

    def rng(self, *key: str | int) -> np.random.Generator:
        return seeds.numpy_generator(self.seed, "table", *key)


@dataclass(frozen=True)
class Table:
    """A table: ``measure`` gives its figures, in the order in which rows and columns are to stand.

    ``paper`` is the one it reproduces, or ``zcrepro`` for what goes beyond them. Where
    ``note_column`` is set, notes are a column of the table under that heading, not footnotes.
    """

    paper: str
    title: str
    caption: str
    measure: Callable[[Inputs, Bootstrap], Iterable[Measured]]
    note_column: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure; ``draw`` needs no more than the inputs and the seed of what it samples."""

    title: str
    caption: str
    draw: Callable[[Inputs, int], Drawing]

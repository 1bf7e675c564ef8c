"""The state of a run between two generations: all that the rest of the run depends on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zcrepro.evolve._engine.selection import Individual


@dataclass(frozen=True)
class Generation:
    """One line of the history.

    ``best`` is the largest fitness, ``mean`` the mean of the defined ones, and ``best_size`` the number of
    nodes of the best formula. The other counts are totals since the start of the run: ``evaluations`` is the
    number of formulas whose fitness was computed, and ``repeated_formulas`` of those looked up instead.
    """

    generation: int
    best: float
    mean: float
    best_size: int
    evaluations: int
    repeated_formulas: int


@dataclass(frozen=True)
class State:
    """A population, its line of the history, and the state of the generator after it was made."""

    population: list[Individual]
    line: Generation
    generator: Mapping[str, Any]

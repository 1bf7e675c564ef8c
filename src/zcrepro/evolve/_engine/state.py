"""The state of a run between two generations: all that the rest of the run depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from zcrepro.evolve._engine.selection import Individual


@dataclass(frozen=True)
class Generation:
    """One line of the history.

    ``best`` is the fitness on all training rows of the best formula so far, and ``best_size`` its number of
    nodes. ``mean`` is the mean of the defined fitness in this generation. The other counts are totals since
    the start of the run: ``evaluations`` is the number of formulas whose fitness was computed, and
    ``repeated_formulas`` of those looked up instead.
    """

    generation: int
    best: float
    mean: float
    best_size: int
    evaluations: int
    repeated_formulas: int


def by_column(history: Sequence[Generation]) -> dict[str, list[float]]:
    """Return the lines of the history as one list per field, which takes a third of the space."""
    return {each.name: [getattr(line, each.name) for line in history] for each in fields(Generation)}


@dataclass(frozen=True)
class State:
    """A population, the front so far, the line of the history, and the generator after they were made.

    ``discarded`` holds the children that did not survive, so that a run that goes on knows their fitness.
    It is empty if the next generation is judged on other rows. ``front`` holds the individuals, judged on all
    training rows, for which no other is as small and fitter.
    """

    population: list[Individual]
    discarded: list[Individual]
    front: list[Individual]
    line: Generation
    generator: Mapping[str, Any]

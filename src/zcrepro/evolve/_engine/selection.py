"""Selection of parents by tournament."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zcrepro.evolve._engine.tree import Tree


@dataclass(frozen=True)
class Individual:
    """A tree and its fitness, where larger is better and minus infinity stands for undefined."""

    tree: Tree
    fitness: float

    @property
    def merit(self) -> tuple[float, int]:
        """Sort key: a larger fitness first, then a smaller tree."""
        return self.fitness, -len(self.tree)


def best(population: Sequence[Individual]) -> Individual:
    """Return the individual of the greatest merit, the first of those that are equal."""
    return max(population, key=lambda individual: individual.merit)


def tournaments(
    population: Sequence[Individual], count: int, size: int, rng: np.random.Generator
) -> list[Individual]:
    """Return the winners of ``count`` tournaments of ``size`` individuals, drawn with replacement."""
    drawn = rng.integers(len(population), size=(count, size)).tolist()
    return [best([population[i] for i in entrants]) for entrants in drawn]

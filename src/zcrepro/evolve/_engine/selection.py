"""Selection of parents by tournament."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

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
    population: Sequence[Individual], count: int, size: int, rng: random.Random
) -> list[Individual]:
    """Return the winners of ``count`` tournaments of ``size`` individuals, drawn with replacement."""
    return [best([rng.choice(population) for _ in range(size)]) for _ in range(count)]

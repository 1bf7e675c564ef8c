"""Selection of parents and survivors: by fitness, or by fitness and size (NSGA-II).

References: Koza, Genetic Programming, 1992; Deb et al., A Fast and Elitist Multiobjective Genetic Algorithm:
NSGA-II, IEEE TEVC 2002.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from deap import base, tools

from zcrepro.evolve._engine.tree import Tree


@dataclass(frozen=True)
class Individual:
    """A tree and its fitness, where larger is better and minus infinity stands for undefined."""

    tree: Tree
    fitness: float

    def merit(self, price: float) -> tuple[float, int]:
        """Return the sort key: fitness minus ``price`` for each node; of equal ones, the smaller tree."""
        return self.fitness - price * len(self.tree), -len(self.tree)


Judge = Callable[[Iterable[Tree]], list[Individual]]


class Selection(Protocol):
    """A way to select parents, and those who survive beside their children."""

    def parents(
        self, population: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """Return ``count`` parents."""
        ...

    def survivors(
        self, parents: Sequence[Individual], children: Sequence[Tree], judged: Judge
    ) -> list[Individual]:
        """Return the next generation, as many individuals as there are children.

        ``judged`` gives trees their fitness in this generation, which may see other rows than the last.
        """
        ...


@dataclass(frozen=True)
class Tournament:
    """The best of ``size`` random individuals becomes a parent; children replace their parents.

    Each node costs ``price`` of fitness.
    """

    size: int
    price: float = 0.0

    def parents(
        self, population: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """Return the winners of ``count`` tournaments, whose entrants are drawn with replacement."""
        merits = [individual.merit(self.price) for individual in population]
        drawn = rng.integers(len(population), size=(count, self.size)).tolist()
        return [population[max(entrants, key=merits.__getitem__)] for entrants in drawn]

    def survivors(
        self, parents: Sequence[Individual], children: Sequence[Tree], judged: Judge
    ) -> list[Individual]:
        """Return the children."""
        del parents
        return judged(children)


@dataclass(frozen=True)
class Pareto:
    """NSGA-II with two objectives, a large fitness and a small tree.

    An individual is better if its front is, or, within a front, if it is less crowded.
    """

    size: int

    def parents(
        self, population: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """Return the winners of ``count`` tournaments, whose entrants are drawn with replacement."""
        places = {id(individual): place for place, individual in enumerate(_best_first(population))}
        drawn = rng.integers(len(population), size=(count, self.size)).tolist()
        return [
            min((population[i] for i in entrants), key=lambda each: places[id(each)]) for entrants in drawn
        ]

    def survivors(
        self, parents: Sequence[Individual], children: Sequence[Tree], judged: Judge
    ) -> list[Individual]:
        """Return the best of parents and children together; of equal trees one is kept."""
        together = judged(dict.fromkeys([*(parent.tree for parent in parents), *children]))
        return _best_first(together)[: len(children)]


def non_dominated(individuals: Sequence[Individual]) -> list[Individual]:
    """Return those for which no other is as small and fitter, by growing size; of equal ones the first."""
    found: list[Individual] = []
    for individual in sorted(individuals, key=lambda each: (len(each.tree), -each.fitness)):
        if individual.fitness > (found[-1].fitness if found else -math.inf):
            found.append(individual)
    return found


class _Fitness(base.Fitness):  # type: ignore[misc]
    weights = (1.0, -1.0)


class _Judged:
    """An individual as DEAP sorts it."""

    def __init__(self, individual: Individual) -> None:
        self.individual = individual
        self.fitness = _Fitness((individual.fitness, len(individual.tree)))


def _best_first(individuals: Sequence[Individual]) -> list[Individual]:
    """Return the individuals front by front, and within a front the least crowded first."""
    defined = [_Judged(each) for each in individuals if each.fitness > -math.inf]
    undefined = [each for each in individuals if each.fitness == -math.inf]
    found: list[Individual] = []
    for front in tools.sortLogNondominated(defined, len(defined)) if defined else ():
        tools.emo.assignCrowdingDist(front)
        front.sort(key=lambda each: -each.fitness.crowding_dist)
        found += [each.individual for each in front]
    return found + undefined

"""Selection of parents and survivors: by fitness, or by fitness and size (NSGA-II).

References: Koza, Genetic Programming, 1992; Beyer and Schwefel, Evolution Strategies, Natural Computing 2002;
Deb et al., A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II, IEEE TEVC 2002.
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
        self,
        parents: Sequence[Individual],
        children: Sequence[Tree],
        judged: Judge,
        rng: np.random.Generator,
    ) -> list[Individual]:
        """Return the next generation.

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
        self,
        parents: Sequence[Individual],
        children: Sequence[Tree],
        judged: Judge,
        rng: np.random.Generator,
    ) -> list[Individual]:
        """Return the children."""
        del parents, rng
        return judged(children)


@dataclass(frozen=True)
class MuPlusLambda:
    """``mu`` of the parents and children together survive; each is the winner of a tournament.

    Parents are drawn uniformly from the survivors. ``tournament`` is the number of entrants. This is the
    (mu + lambda) strategy, with lambda children per generation.
    """

    mu: int
    tournament: int

    def parents(
        self, population: Sequence[Individual], count: int, rng: np.random.Generator
    ) -> list[Individual]:
        """Return ``count`` random individuals, drawn with replacement."""
        return [population[place] for place in rng.integers(len(population), size=count).tolist()]

    def survivors(
        self,
        parents: Sequence[Individual],
        children: Sequence[Tree],
        judged: Judge,
        rng: np.random.Generator,
    ) -> list[Individual]:
        """Return the winners of ``mu`` tournaments, in which equal trees enter as one."""
        together = judged(_distinct(parents, children))
        return Tournament(self.tournament).parents(together, self.mu, rng)


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
        self,
        parents: Sequence[Individual],
        children: Sequence[Tree],
        judged: Judge,
        rng: np.random.Generator,
    ) -> list[Individual]:
        """Return the best of parents and children together, as many as there are children.

        Of equal trees one is kept.
        """
        del rng
        return _best_first(judged(_distinct(parents, children)))[: len(children)]


def _distinct(parents: Sequence[Individual], children: Sequence[Tree]) -> dict[Tree, None]:
    return dict.fromkeys([*(parent.tree for parent in parents), *children])


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

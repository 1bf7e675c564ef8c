"""The generations of a run: selection, crossover, mutation, and no good formula is lost."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zcrepro.evolve._engine.evaluation import UNDEFINED, Evaluation, Fitness
from zcrepro.evolve._engine.journal import keep, kept
from zcrepro.evolve._engine.selection import Individual, Selection, non_dominated
from zcrepro.evolve._engine.state import Generation, State
from zcrepro.evolve._engine.tree import Primitives, Tree
from zcrepro.evolve._engine.variation import crossover, mutated
from zcrepro.files.journal import Journal
from zcrepro.progress import track

ATTEMPTS = 10
"""How many times a child is changed to make it differ from the rest of its generation."""

ELITE = 10
"""How many of the best of a generation, if it was judged on some training rows only, are judged on all."""


class Options(Protocol):
    """What a method's options must say about the generations."""

    @property
    def generations(self) -> int:
        """Number of generations after the initial population."""

    @property
    def crossover(self) -> float:
        """Probability that two parents exchange subtrees."""

    @property
    def mutation(self) -> float:
        """Probability that a child is mutated."""


@dataclass(frozen=True)
class Search:
    """What a run searches, and how.

    Attributes
    ----------
    first
        The initial population. Each generation has as many children as it has trees.
    primitives
        The functions and terminals of trees.
    fitness
        How trees are judged.
    selection
        How parents and survivors are selected.
    fits
        Function that tells whether a tree is small enough.
    price
        What a node of the best individual costs, in units of fitness.
    """

    first: Sequence[Tree]
    primitives: Primitives
    fitness: Fitness
    selection: Selection
    fits: Callable[[Tree], bool]
    price: float = 0.0


@dataclass(frozen=True)
class Run:
    """The end of a run.

    Attributes
    ----------
    best
        The best individual.
    population
        The last population.
    front
        The individuals for which no other is as small and fitter.
    history
        One line per generation.
    """

    best: Individual
    population: list[Individual]
    front: list[Individual]
    history: list[Generation]


def run(
    search: Search,
    options: Options,
    rng: np.random.Generator,
    journal: Journal | None = None,
    restart: int = 0,
) -> Run:
    """Evolve the initial population for ``options.generations`` generations.

    The first child of each generation is the best tree so far. This elitism is ours; no paper describes it.
    Each generation is kept in ``journal``, where ``restart`` tells the runs of a method apart. The run goes
    on from the last generation that is there already, and ends as if it had never stopped, so the result
    depends on the other arguments only. Raises ValueError if no formula of a generation has a fitness.
    """
    states = kept(journal, search.primitives, restart) if journal else []
    of_all = search.fitness.of_all
    if states:
        rng.bit_generator.state = states[-1].generator
        if not search.fitness.of_some:
            for state in states:
                of_all.remember([*state.population, *state.discarded])
    breeder = _Breeder(search, options, rng)
    for number in track(range(len(states), options.generations + 1), "generations"):
        counted = _Counted(search.fitness.of_generation(rng), states[-1].line if states else None)
        parents, front = (states[-1].population, states[-1].front) if states else ([], [])
        if number == 0:
            population = counted.judged(search.first)
        else:
            children = breeder.children(parents, best(front, search.price).tree)
            population = search.selection.survivors(parents, children, counted.judged, rng)
        front = non_dominated([*front, *_on_all(population, search)])
        states.append(
            State(
                population,
                [] if search.fitness.of_some else counted.discarded(parents, population),
                front,
                counted.line(number, population, front, search.price),
                rng.bit_generator.state,
            )
        )
        if journal:
            keep(journal, restart, states[-1])
    last = states[-1]
    return Run(best(last.front, search.price), last.population, last.front, [state.line for state in states])


def best(individuals: Iterable[Individual], price: float) -> Individual:
    """Return the individual of the greatest merit, the first of those that are equal."""
    return max(individuals, key=lambda individual: individual.merit(price))


def _on_all(population: Sequence[Individual], search: Search) -> list[Individual]:
    """Return the individuals of a generation that are judged on all rows, with that fitness."""
    if not search.fitness.of_some:
        return list(population)
    elite = sorted(population, key=lambda each: each.merit(search.price), reverse=True)[:ELITE]
    return [Individual(each.tree, search.fitness.of_all.fitness(each.tree.names)) for each in elite]


class _Counted:
    """An evaluation, and what it adds to the counts of the generations before."""

    def __init__(self, evaluation: Evaluation, before: Generation | None) -> None:
        self._evaluation = evaluation
        self._judged: list[Individual] = []
        known = (before.evaluations, before.repeated_formulas) if before else (0, 0)
        self._evaluations = known[0] - evaluation.evaluations
        self._repeated = known[1] - evaluation.repeated_formulas

    def judged(self, trees: Iterable[Tree]) -> list[Individual]:
        """Return the trees with their fitness."""
        found = [Individual(tree, self._evaluation.fitness(tree.names)) for tree in trees]
        self._judged += found
        return found

    def discarded(self, parents: Sequence[Individual], population: Sequence[Individual]) -> list[Individual]:
        """Return the individuals that are neither among the parents nor in the next population."""
        known = {individual.tree for individual in (*parents, *population)}
        return [individual for individual in self._judged if individual.tree not in known]

    def line(
        self, number: int, population: Sequence[Individual], front: Sequence[Individual], price: float
    ) -> Generation:
        """Return the line of the history. Raises ValueError if no formula has a fitness."""
        defined = [each.fitness for each in population if each.fitness > UNDEFINED]
        if not defined or not front:
            raise ValueError(
                f"none of the {len(population)} formulas of generation {number} orders the training "
                "architectures of every problem; are all scores, or all accuracies, of one of them the same?"
            )
        champion = best(front, price)
        return Generation(
            generation=number,
            best=champion.fitness,
            mean=sum(defined) / len(defined),
            best_size=len(champion.tree),
            evaluations=self._evaluations + self._evaluation.evaluations,
            repeated_formulas=self._repeated + self._evaluation.repeated_formulas,
        )


@dataclass(frozen=True)
class _Breeder:
    """Makes the trees of the next generation."""

    search: Search
    options: Options
    rng: np.random.Generator

    def children(self, population: Sequence[Individual], champion: Tree) -> list[Tree]:
        """Return as many different trees as the initial population has. The first is ``champion``."""
        winners = self.search.selection.parents(population, len(self.search.first) - 1, self.rng)
        parents = [winner.tree for winner in winners]
        seen = {champion}
        children = [champion]
        for child, parent in zip(self._varied(parents), parents, strict=True):
            children.append(self._distinct(child, parent, seen))
            seen.add(children[-1])
        return children

    def _varied(self, parents: Sequence[Tree]) -> list[Tree]:
        trees = list(parents)
        for pair in np.flatnonzero(self.rng.random(len(trees) // 2) < self.options.crossover):
            i, j = 2 * pair, 2 * pair + 1
            trees[i], trees[j] = crossover(trees[i], trees[j], self.rng)
        for i in np.flatnonzero(self.rng.random(len(trees)) < self.options.mutation):
            trees[i] = mutated(trees[i], self.search.primitives, self.rng)
        return trees

    def _distinct(self, child: Tree, parent: Tree, seen: set[Tree]) -> Tree:
        """Mutate ``child`` until it is new; otherwise duplicates fill half of each generation.

        A child that is too large is replaced by its parent. If no attempt succeeds, the last one is returned.
        """
        for _ in range(ATTEMPTS):
            if not self.search.fits(child):
                child = parent
            elif child in seen:
                child = mutated(child, self.search.primitives, self.rng)
            else:
                return child
        return child if self.search.fits(child) else parent

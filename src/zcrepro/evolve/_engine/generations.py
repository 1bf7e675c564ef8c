"""The generations of a run: tournaments, crossover, mutation, and the best tree is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zcrepro.evolve._engine.evaluation import UNDEFINED, Evaluation
from zcrepro.evolve._engine.journal import keep, kept
from zcrepro.evolve._engine.selection import Individual, best, tournaments
from zcrepro.evolve._engine.state import Generation, State
from zcrepro.evolve._engine.tree import Primitives, Tree
from zcrepro.evolve._engine.variation import crossover, mutated
from zcrepro.files.journal import Journal
from zcrepro.progress import track

ATTEMPTS = 10
"""How many times a child is changed to make it differ from the rest of its generation."""


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

    @property
    def tournament(self) -> int:
        """Number of individuals in a tournament."""

    @property
    def max_height(self) -> int:
        """Largest height of a tree."""


@dataclass(frozen=True)
class Run:
    """The best individual of the last generation, and one line per generation."""

    best: Individual
    history: list[Generation]


def run(
    first: Sequence[Tree],
    primitives: Primitives,
    evaluation: Evaluation,
    options: Options,
    rng: np.random.Generator,
    journal: Journal | None = None,
) -> Run:
    """Evolve the population ``first`` for ``options.generations`` generations of its size.

    Each generation is kept in ``journal``. The run goes on from the last generation that is there already,
    and ends as if it had never stopped, so the result depends on the other arguments only. Raises
    ValueError if no formula of a generation has a fitness.
    """
    states = _resumed(journal, primitives, evaluation, rng)
    breeder = _Breeder(primitives, options, rng)
    for number in track(range(len(states), options.generations + 1), "generations"):
        if number == 0:
            population = _evaluated(first, evaluation)
        else:
            parents = states[-1].population
            population = [best(parents), *_evaluated(breeder.children(parents), evaluation)]
        line = _generation(number, population, evaluation)
        states.append(State(population, line, rng.bit_generator.state))
        if journal:
            keep(journal, states[-1])
    return Run(best(states[-1].population), [state.line for state in states])


def _resumed(
    journal: Journal | None, primitives: Primitives, evaluation: Evaluation, rng: np.random.Generator
) -> list[State]:
    """Return the states in ``journal``, and put the evaluation and the generator into the last of them."""
    found = kept(journal, primitives) if journal else []
    evaluation.remember(found)
    if found:
        rng.bit_generator.state = found[-1].generator
    return found


@dataclass(frozen=True)
class _Breeder:
    """Makes the trees of the next generation."""

    primitives: Primitives
    options: Options
    rng: np.random.Generator

    def children(self, population: Sequence[Individual]) -> list[Tree]:
        """Return one tree fewer than the population has, which differ from each other and from its best."""
        winners = tournaments(population, len(population) - 1, self.options.tournament, self.rng)
        parents = [winner.tree for winner in winners]
        seen = {best(population).tree}
        children = []
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
            trees[i] = mutated(trees[i], self.primitives, self.rng)
        return trees

    def _distinct(self, child: Tree, parent: Tree, seen: set[Tree]) -> Tree:
        """Mutate ``child`` until it is new; otherwise duplicates fill half of each generation.

        A child that is too high is replaced by its parent. If no attempt succeeds, the last one is returned.
        """
        for _ in range(ATTEMPTS):
            if child.height > self.options.max_height:
                child = parent
            elif child in seen:
                child = mutated(child, self.primitives, self.rng)
            else:
                return child
        return child if child.height <= self.options.max_height else parent


def _evaluated(trees: Sequence[Tree], evaluation: Evaluation) -> list[Individual]:
    return [Individual(tree, evaluation.fitness(tree.names)) for tree in trees]


def _generation(number: int, population: Sequence[Individual], evaluation: Evaluation) -> Generation:
    champion = best(population)
    defined = [each.fitness for each in population if each.fitness > UNDEFINED]
    if not defined:
        raise ValueError(
            f"none of the {len(population)} formulas of generation {number} orders the training "
            "architectures of every problem; are all scores, or all accuracies, of one of them the same?"
        )
    return Generation(
        generation=number,
        best=champion.fitness,
        mean=sum(defined) / len(defined),
        best_size=len(champion.tree),
        evaluations=evaluation.evaluations,
        repeated_formulas=evaluation.repeated_formulas,
    )

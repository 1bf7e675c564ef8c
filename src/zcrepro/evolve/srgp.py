"""Symbolic regression by genetic programming (Phan and Luong 2025): a formula over hand-crafted proxies.

The paper's function set, sizes and operators are not known; these are ours. Fitness is Kendall's
tau with the accuracy, its mean over the problems, so that only the order counts. There are no
random constants: next to a monotone transform of the whole, which rank correlation cannot see,
they would only be exchange rates between proxies, tuned to the units of the training problems.
Between formulas of equal fitness the smaller one wins.
"""

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from deap import base, gp, tools

from zcrepro import seeds
from zcrepro.evolve.stage import Evolution, EvolveSettings, Generation
from zcrepro.formulas.formula import Formula
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.problems.rows import Rows
from zcrepro.progress import track
from zcrepro.ranking.correlation import KendallWith, dense_ranks

INITIAL_HEIGHTS = (1, 4)  # of the first trees: from one function to 16 terminals
GROWN_HEIGHTS = (0, 2)  # of the subtree that a mutation grows
ATTEMPTS = 10  # at a formula that the generation does not have yet


class Fitness(base.Fitness):  # type: ignore[misc]
    """Compared in order: a larger tau, then a smaller size. An undefined tau is below every other."""

    weights = (1.0, -1.0)


class Tree(gp.PrimitiveTree):  # type: ignore[misc]
    """A formula in DEAP's form, with its fitness once it has one."""

    def __init__(self, nodes: Sequence[object]) -> None:
        super().__init__(nodes)
        self.fitness = Fitness()

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(node.name for node in self)

    @property
    def tau(self) -> float:
        return float(self.fitness.values[0])


class Judge:
    """The fitness of formulas on the training problems; a formula or a ranking seen before is looked up."""

    def __init__(self, training: Sequence[Rows]) -> None:
        # One pass over the rows of all problems, then one slice each.
        names = training[0].columns
        self._columns = {name: np.concatenate([rows.columns[name] for rows in training]) for name in names}
        ends = np.cumsum([len(rows) for rows in training])
        self._slices = [slice(end - len(rows), end) for end, rows in zip(ends, training, strict=True)]
        self._kendalls = [KendallWith(rows.accuracy) for rows in training]
        self._by_formula: dict[tuple[str, ...], float] = {}
        self._by_ranking: dict[bytes, float] = {}
        self.evaluations = self.repeated_formulas = self.repeated_rankings = 0

    def tau(self, tokens: tuple[str, ...]) -> float:
        """The mean tau over the problems; minus infinity where it is undefined for one of them."""
        if tokens in self._by_formula:
            self.repeated_formulas += 1
        else:
            self.evaluations += 1
            self._by_formula[tokens] = self._of_values(Formula(tokens).evaluate(self._columns))
        return self._by_formula[tokens]

    def _of_values(self, values: np.ndarray) -> float:
        if np.isnan(values).any():
            return -math.inf
        rankings = [dense_ranks(values[part]) for part in self._slices]
        key = b"".join(ranking.tobytes() for ranking in rankings)
        if key in self._by_ranking:
            self.repeated_rankings += 1
        else:
            self._by_ranking[key] = self._of_rankings(rankings)
        return self._by_ranking[key]

    def _of_rankings(self, rankings: list[np.ndarray]) -> float:
        taus = [tau(ranking) for tau, ranking in zip(self._kendalls, rankings, strict=True)]
        mean = sum(taus) / len(taus)
        return -math.inf if math.isnan(mean) else mean


class SymbolicRegression:
    """Generations of tournaments; the best formula so far always stays."""

    def evolve(self, training: Sequence[Rows], chosen: EvolveSettings) -> Evolution:
        """The formula with the best mean tau on ``training``.

        It is a function of the data and the settings alone. Raises ValueError where no formula
        has an order on every problem, as with constant scores.
        """
        judge = Judge(training)
        history = []
        with _global_random(seeds.derive(chosen.seed, "srgp", *chosen.problems, chosen.repeat)):
            breeder = Breeder(chosen)
            population = _judged(breeder.first(), judge)
            history.append(_generation(0, population, judge))
            for number in track(range(1, chosen.generations + 1), f"evolving {chosen.training_set}"):
                population = _judged(breeder.next(population), judge)
                history.append(_generation(number, population, judge))
        best = _best(population)
        return Evolution(Formula(best.tokens), best.tau, history)


class Breeder:
    """DEAP's operators under one set of settings; they draw from Python's global generator."""

    def __init__(self, chosen: EvolveSettings) -> None:
        self._chosen = chosen
        # Untyped: DEAP's typed crossover picks from a set of classes, another one in every process.
        self._nodes = gp.PrimitiveSet("formula", 0)
        for function in FUNCTIONS.values():
            self._nodes.addPrimitive(function.compute, function.arity, function.name)
        for name in chosen.terminals:
            self._nodes.addTerminal(name, name)

    def first(self) -> list[Tree]:
        """Trees of various heights, half of them full."""
        low, high = (min(height, self._chosen.max_height) for height in INITIAL_HEIGHTS)
        return [Tree(gp.genHalfAndHalf(self._nodes, low, high)) for _ in range(self._chosen.population)]

    def next(self, population: list[Tree]) -> list[Tree]:
        """As many trees again: the best one, and children of those that won a tournament."""
        parents = tools.selTournament(population, len(population) - 1, self._chosen.tournament)
        children = [Tree(parent) for parent in parents]
        for one, other in zip(children[::2], children[1::2], strict=False):
            if random.random() < self._chosen.crossover:
                gp.cxOnePoint(one, other)
        for child in children:
            if random.random() < self._chosen.mutation:
                self._mutate(child)
        survivors = [_best(population)]
        seen = {survivors[0].tokens}
        for child, parent in zip(children, parents, strict=True):
            survivors.append(self._distinct(child, parent, seen))
            seen.add(survivors[-1].tokens)
        return survivors

    def _distinct(self, child: Tree, parent: Tree, seen: set[tuple[str, ...]]) -> Tree:
        """``child``, mutated until it is none of ``seen``: else copies of a few fill half of a generation.

        A child that grew too high gives its place to its parent.
        """
        for _ in range(ATTEMPTS):
            if child.height > self._chosen.max_height:
                child = Tree(parent)
            elif child.tokens in seen:
                self._mutate(child)
            else:
                return child
        return child if child.height <= self._chosen.max_height else Tree(parent)

    def _mutate(self, tree: Tree) -> None:
        """A new subtree, another node of the same arity, or a shortcut past a function: equally likely."""
        kind = random.randrange(3)
        if kind == 0:
            gp.mutUniform(tree, self._grow, self._nodes)
        elif kind == 1:
            gp.mutNodeReplacement(tree, self._nodes)
        else:
            gp.mutShrink(tree)

    def _grow(self, pset: gp.PrimitiveSet, type_: type) -> list[object]:
        nodes: list[object] = gp.genFull(pset, *GROWN_HEIGHTS, type_)
        return nodes


@contextmanager
def _global_random(seed: int) -> Iterator[None]:
    """Seeds Python's global generator, and leaves it as it was found."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def _judged(population: list[Tree], judge: Judge) -> list[Tree]:
    for tree in population:
        if not tree.fitness.valid:
            tree.fitness.values = (judge.tau(tree.tokens), len(tree))
    return population


def _best(population: list[Tree]) -> Tree:
    return max(population, key=lambda tree: tree.fitness)


def _generation(number: int, population: list[Tree], judge: Judge) -> Generation:
    best = _best(population)
    taus = [tree.tau for tree in population if tree.tau > -math.inf]
    if not taus:
        raise ValueError(
            f"none of the {len(population)} formulas of generation {number} orders the training "
            "architectures of every problem; are all scores, or all accuracies, of one of them the same?"
        )
    return Generation(
        generation=number,
        best=best.tau,
        mean=sum(taus) / len(taus),
        best_size=len(best),
        evaluations=judge.evaluations,
        repeated_formulas=judge.repeated_formulas,
        repeated_rankings=judge.repeated_rankings,
    )


METHOD = SymbolicRegression()

"""Evolve EZNAS programs, which are expressions over the tensors of a layer (Akhauri et al., NeurIPS 2022).

The score of a network is the mean of the program over its layers. The fitness of a program is the smallest
magnitude of Kendall's tau over several sets of networks, so that it must order all of them; the sign of tau
is the direction of the program. Operators and tensors are those of the released code, and the defaults of the
options are those of the paper. Two things are ours. The best program so far is the first child of every
generation, and a child may be both crossed and mutated.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Le

from zcrepro.evolve._engine.evaluation import UNDEFINED, Evaluation, Fitness
from zcrepro.evolve._engine.generations import Search, run
from zcrepro.evolve._engine.selection import Individual, MuPlusLambda
from zcrepro.evolve._engine.state import Generation
from zcrepro.evolve._engine.tree import Names, Node, Primitives, Tree
from zcrepro.evolve._engine.variation import random_tree
from zcrepro.files.journal import Journal
from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.layer_statistics import LayerStatistics
from zcrepro.programs.operators import OPERATORS
from zcrepro.programs.program import Program
from zcrepro.programs.terminals import TERMINALS
from zcrepro.ranking.with_one import KendallWith

INITIAL_HEIGHTS = (2, 6)
"""Lowest and highest height of a random program of the initial population."""

TRIED_SETS, TRIED_NETWORKS = 2, 2
"""Sets, and networks of each, on which a random program must be valid to enter the initial population."""

ATTEMPTS = 1000
"""Random programs that are tried for each one of the initial population. About one in five is valid."""

PRIMITIVES = Primitives(
    [Node(operator.name, operator.arity) for operator in OPERATORS.values()],
    [Node(name) for name in TERMINALS],
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of the evolution of programs."""

    population: Annotated[int, Ge(2)] = 50
    """Programs in the initial population, and children in each later generation (lambda)."""

    mu: Annotated[int, Ge(2)] = 25
    """Programs that survive a generation, of parents and children together."""

    tournament: Annotated[int, Ge(1)] = 4
    """Programs in a tournament, the best of which survives."""

    crossover: Annotated[float, Ge(0), Le(1)] = 0.4
    """Probability that two programs exchange subtrees."""

    mutation: Annotated[float, Ge(0), Le(1)] = 0.4
    """Probability that a program is mutated: a new subtree, another node, or an operator removed."""

    max_height: Annotated[int, Ge(1)] = 10
    """Largest number of operators on a path from the root of a program to a tensor."""

    generations: Annotated[int, Ge(1)] = 15
    """Generations of a run."""

    batch_size: Annotated[int, Ge(1)] = 1
    """Images that the layer statistics of a network are recorded on."""


@dataclass(frozen=True)
class NetworkSet:
    """Networks that a program should order.

    Attributes
    ----------
    layers
        The statistics of the layers of each network.
    accuracy
        The accuracy of each network, higher is better, (n,).
    """

    layers: Sequence[Sequence[LayerStatistics]]
    accuracy: np.ndarray


@dataclass(frozen=True)
class OnFront:
    """A program for which no other is as small and fitter."""

    program: Program
    fitness: float


@dataclass(frozen=True)
class Judged:
    """A program, and Kendall's tau of its scores with the accuracies of each set."""

    program: Program
    taus: list[float]

    @property
    def fitness(self) -> float:
        """The smallest magnitude of ``taus``."""
        return min(map(abs, self.taus))

    @property
    def direction(self) -> Literal["higher", "lower"]:
        """Which scores are better on the sets, by the sign of the mean of ``taus``."""
        return "higher" if sum(self.taus) >= 0 else "lower"


@dataclass(frozen=True)
class Evolution:
    """The programs of a run.

    Attributes
    ----------
    fittest
        The fittest program of all generations.
    median
        The program of median fitness in the last population, the fitter of two.
    front
        The programs, by growing size, for which no other is as small and fitter.
    history
        One line per generation.
    """

    fittest: Judged
    median: Judged
    front: list[OnFront]
    history: list[Generation]


def evolve(
    sets: Sequence[NetworkSet], options: Options, rng: np.random.Generator, journal: Journal | None = None
) -> Evolution:
    """Return the program with the largest fitness on ``sets``, and others of the run.

    ``journal`` keeps the generations for a run that goes on after this one was killed; the result depends on
    the other arguments only. Raises ValueError if too few random programs are valid, or if no program orders
    the networks of every set.
    """
    values = _values([layers for each in sets for layers in each.layers])
    evaluation = Evaluation(values, [each.accuracy for each in sets], "kendall", "smallest magnitude")

    def fits(tree: Tree) -> bool:
        return bool(tree.height <= options.max_height)

    first = initial_population(sets, options, rng)
    selection = MuPlusLambda(options.mu, options.tournament)
    found = run(Search(first, PRIMITIVES, Fitness(evaluation), selection, fits), options, rng, journal)
    ends = np.cumsum([len(each.accuracy) for each in sets])[:-1]

    def judged(individual: Individual) -> Judged:
        scores = np.split(values(individual.tree.names), ends)
        taus = [KendallWith(each.accuracy)(of) for each, of in zip(sets, scores, strict=True)]
        return Judged(Program(individual.tree.names), taus)

    defined = [each for each in found.population if each.fitness > UNDEFINED]
    ranked = sorted(defined, key=lambda each: each.fitness, reverse=True)
    return Evolution(
        fittest=judged(found.best),
        median=judged(ranked[(len(ranked) - 1) // 2]),
        front=[OnFront(Program(each.tree.names), each.fitness) for each in found.front],
        history=found.history,
    )


def initial_population(sets: Sequence[NetworkSet], options: Options, rng: np.random.Generator) -> list[Tree]:
    """Return different random programs whose values on a few networks are finite and not all equal.

    Raises ValueError if too few are found.
    """
    values = _values([layers for each in sets[:TRIED_SETS] for layers in each.layers[:TRIED_NETWORKS]])
    found: dict[Tree, None] = {}
    attempts = ATTEMPTS * options.population
    for _ in range(attempts):
        full = bool(rng.random() < 0.5)
        tree = random_tree(PRIMITIVES, INITIAL_HEIGHTS, rng, full=full)
        if tree.height <= options.max_height and tree not in found and np.ptp(values(tree.names)) > 0:
            found[tree] = None
        if len(found) == options.population:
            return list(found)
    raise ValueError(
        f"only {len(found)} of {attempts:,} random programs have different finite values on the first "
        f"{TRIED_NETWORKS} networks of {TRIED_SETS} sets, and {options.population} are needed; choose "
        "another `batch_size` or a smaller `population`"
    )


def score(program: Program, layers: Sequence[LayerStatistics]) -> float:
    """Return the mean of a program over the layers of a network.

    Raises UndefinedScoreError at the first layer on which the program has no finite value.
    """
    return math.fsum(_finite(program.value(layer)) for layer in layers) / len(layers)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise UndefinedScoreError(f"the program gives {value}")
    return value


def _values(networks: Sequence[Sequence[LayerStatistics]]) -> Callable[[Names], np.ndarray]:
    """Return a function from a program to its scores of the networks, all NaN if one is undefined."""

    def values(names: Names) -> np.ndarray:
        program = Program(names)
        try:
            return np.array([score(program, layers) for layers in networks])
        except UndefinedScoreError:
            return np.full(len(networks), np.nan)

    return values

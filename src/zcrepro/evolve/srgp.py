"""Symbolic regression by genetic programming (Phan and Luong 2025): a formula over hand-crafted proxies.

The paper does not state its function set, sizes and operators; those here are ours. The fitness of a formula
is Kendall's tau between its values and the accuracies, averaged over the problems. A rank correlation ignores
monotone transforms of the formula as a whole, so random constants would only be exchange rates between
proxies, tuned to the units of the training problems; there are none. Between formulas of equal fitness the
smaller one wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from zcrepro.evolve._engine import generations
from zcrepro.evolve._engine.evaluation import Evaluation
from zcrepro.evolve._engine.tree import Names, Node, Primitives
from zcrepro.evolve._engine.variation import ramped_half_and_half
from zcrepro.evolve.stage import Evolution, Method
from zcrepro.files.journal import Journal
from zcrepro.formulas.formula import Formula
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.problems.rows import Rows

INITIAL_HEIGHTS = (1, 4)
"""Lowest and highest height of an initial formula: from one function to 16 terminals."""


@dataclass(frozen=True)
class Options:
    """Options of symbolic regression."""

    population: Annotated[int, Ge(2)] = 200
    """Formulas in a generation."""

    generations: Annotated[int, Ge(1)] = 20
    """Generations of a run."""

    crossover: Annotated[float, Ge(0), Le(1)] = 0.6
    """Probability that two formulas exchange subtrees."""

    mutation: Annotated[float, Ge(0), Le(1)] = 0.3
    """Probability that a formula is mutated: a new subtree, another node, or a function removed."""

    tournament: Annotated[int, Ge(1)] = 4
    """Formulas in a tournament, the best of which becomes a parent."""

    max_height: Annotated[int, Ge(1)] = 6
    """Largest number of functions between the root of a formula and a terminal."""


def evolve(
    training: Sequence[Rows], options: Options, rng: np.random.Generator, journal: Journal | None = None
) -> Evolution:
    """Return the formula with the largest mean tau on ``training``.

    The terminals are the columns of ``training``. ``journal`` keeps the generations for a run that goes on
    after this one was killed; the result depends on the other arguments only. Raises ValueError if no
    formula orders the architectures of every problem, as with constant scores.
    """
    functions = [Node(function.name, function.arity) for function in FUNCTIONS.values()]
    primitives = Primitives(functions, [Node(name) for name in training[0].columns])
    lowest, highest = (min(height, options.max_height) for height in INITIAL_HEIGHTS)
    first = ramped_half_and_half(primitives, (lowest, highest), options.population, rng)
    run = generations.run(first, primitives, mean_tau(training), options, rng, journal)
    return Evolution(Formula(run.best.tree.names), run.best.fitness, run.history)


def mean_tau(training: Sequence[Rows]) -> Evaluation:
    """Return the evaluation of formulas by their mean Kendall's tau on the problems of ``training``."""
    columns = {
        name: np.concatenate([rows.columns[name] for rows in training]) for name in training[0].columns
    }

    def values(formula: Names) -> np.ndarray:
        return Formula(formula).evaluate(columns)

    return Evaluation(values, [rows.accuracy for rows in training], _mean)


def _mean(taus: Sequence[float]) -> float:
    return sum(taus) / len(taus)


METHOD = Method(Options, evolve)

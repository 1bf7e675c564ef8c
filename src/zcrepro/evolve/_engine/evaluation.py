"""Fitness of formulas: Kendall's tau between their values and the accuracies of each problem.

Formulas recur in a run, so the fitness of each is computed once.
"""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from zcrepro.evolve._engine.state import State
from zcrepro.evolve._engine.tree import Names
from zcrepro.ranking.with_one import KendallWith

UNDEFINED = -math.inf
"""The fitness of a formula that has no tau on one of the problems. It is below every other fitness."""


class Evaluation:
    """The fitness of formulas on several problems, and how often it was computed or looked up.

    Parameters
    ----------
    values
        Function from a formula to its values on the architectures of all problems, one problem after the
        other: a float64 array (architectures,). NaN if the formula is undefined on an architecture.
    accuracies
        The accuracies of each problem's architectures, float64 arrays in the order of the values.
    combine
        Function from the taus of a formula, one per problem, to its fitness; larger is better.
    """

    def __init__(
        self,
        values: Callable[[Names], np.ndarray],
        accuracies: Sequence[np.ndarray],
        combine: Callable[[Sequence[float]], float],
    ) -> None:
        self._values, self._combine = values, combine
        ends = np.cumsum([len(accuracy) for accuracy in accuracies])
        self._slices = [
            slice(end - len(accuracy), end) for end, accuracy in zip(ends, accuracies, strict=True)
        ]
        self._kendalls = [KendallWith(accuracy) for accuracy in accuracies]
        self._by_formula: dict[Names, float] = {}
        self.evaluations = self.repeated_formulas = 0

    def fitness(self, formula: Names) -> float:
        """Return the fitness, UNDEFINED if a value is NaN or a problem's values are all equal."""
        if formula in self._by_formula:
            self.repeated_formulas += 1
        else:
            self.evaluations += 1
            self._by_formula[formula] = self._of_values(self._values(formula))
        return self._by_formula[formula]

    def remember(self, states: Iterable[State]) -> None:
        """Restore the known fitnesses and the counts from the states of an interrupted run."""
        for state in states:
            self._by_formula |= {each.tree.names: each.fitness for each in state.population}
            self.evaluations = state.line.evaluations
            self.repeated_formulas = state.line.repeated_formulas

    def _of_values(self, values: np.ndarray) -> float:
        taus = [tau(values[part]) for tau, part in zip(self._kendalls, self._slices, strict=True)]
        return UNDEFINED if any(map(math.isnan, taus)) else self._combine(taus)

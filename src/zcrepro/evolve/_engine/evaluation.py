"""Fitness of formulas: Kendall's tau between their values and the accuracies of each problem.

Only the order of the values counts, and many formulas order the architectures alike. So the taus of a
ranking are computed once, as are the values of a formula.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from zcrepro.evolve._engine.tree import Names
from zcrepro.ranking.correlation import KendallWith, dense_ranks

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
        self._by_ranking: dict[bytes, float] = {}
        self.evaluations = self.repeated_formulas = self.repeated_rankings = 0

    def fitness(self, formula: Names) -> float:
        """Return the fitness, UNDEFINED if a value is NaN or a problem's values are all equal."""
        if formula in self._by_formula:
            self.repeated_formulas += 1
        else:
            self.evaluations += 1
            self._by_formula[formula] = self._of_values(self._values(formula))
        return self._by_formula[formula]

    def _of_values(self, values: np.ndarray) -> float:
        if np.isnan(values).any():
            return UNDEFINED
        rankings = [dense_ranks(values[part]) for part in self._slices]
        key = b"".join(ranking.tobytes() for ranking in rankings)
        if key in self._by_ranking:
            self.repeated_rankings += 1
        else:
            self._by_ranking[key] = self._of_rankings(rankings)
        return self._by_ranking[key]

    def _of_rankings(self, rankings: Sequence[np.ndarray]) -> float:
        taus = [tau(ranking) for tau, ranking in zip(self._kendalls, rankings, strict=True)]
        return UNDEFINED if any(map(math.isnan, taus)) else self._combine(taus)

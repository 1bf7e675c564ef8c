"""Fitness of formulas: the rank correlation of their values with the accuracies of each problem.

Formulas recur in a run, and different formulas have the same order. The fitness of each is computed once.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zcrepro.evolve._engine.selection import Individual
from zcrepro.evolve._engine.tree import Names
from zcrepro.ranking.with_one import KendallWith, SpearmanWith, WithOne

UNDEFINED = -math.inf
"""The fitness of a formula that has no correlation on one of the problems: below every other fitness."""

CORRELATIONS: Mapping[str, type[WithOne]] = {"kendall": KendallWith, "spearman": SpearmanWith}

COMBINATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "mean": lambda values: sum(values) / len(values),
    "minimum": min,
    "smallest magnitude": lambda values: min(map(abs, values)),
}
"""Ways to make one fitness from the correlations of all problems."""


class Evaluation:
    """The fitness of formulas on several problems.

    Parameters
    ----------
    values
        Function from a formula to its values on the architectures of all problems, one problem after the
        other: a float64 array (architectures,). NaN if the formula is undefined on an architecture.
    accuracies
        The accuracies of each problem's architectures, float64 arrays in the order of the values.
    correlation
        A key of CORRELATIONS.
    combine
        A key of COMBINATIONS.

    Attributes
    ----------
    evaluations, repeated_formulas
        How often a fitness was computed, and how often that of a formula was known.
    """

    def __init__(
        self,
        values: Callable[[Names], np.ndarray],
        accuracies: Sequence[np.ndarray],
        correlation: str = "kendall",
        combine: str = "mean",
    ) -> None:
        self._values, self._combine = values, COMBINATIONS[combine]
        ends = np.cumsum([len(accuracy) for accuracy in accuracies])
        self._slices = [
            slice(end - len(accuracy), end) for end, accuracy in zip(ends, accuracies, strict=True)
        ]
        self._correlations = [CORRELATIONS[correlation](accuracy) for accuracy in accuracies]
        self._by_formula: dict[Names, float] = {}
        self._by_ranking: list[dict[bytes, float]] = [{} for _ in accuracies]
        self.evaluations = self.repeated_formulas = 0

    def fitness(self, formula: Names) -> float:
        """Return the fitness, UNDEFINED if a value is NaN or a problem's values are all equal."""
        if formula in self._by_formula:
            self.repeated_formulas += 1
        else:
            self.evaluations += 1
            self._by_formula[formula] = self._of_values(self._values(formula))
        return self._by_formula[formula]

    def remember(self, individuals: Iterable[Individual]) -> None:
        """Restore what the individuals of an interrupted run say of formulas."""
        self._by_formula |= {each.tree.names: each.fitness for each in individuals}

    def _of_values(self, values: np.ndarray) -> float:
        found = [
            self._correlation(values[part], correlation, known)
            for part, correlation, known in zip(
                self._slices, self._correlations, self._by_ranking, strict=True
            )
        ]
        return UNDEFINED if any(map(math.isnan, found)) else self._combine(found)

    def _correlation(self, values: np.ndarray, correlation: WithOne, known: dict[bytes, float]) -> float:
        order = correlation.order(values)
        if order is None:
            return math.nan
        ranking = correlation.ranking(order)
        if ranking not in known:
            known[ranking] = correlation.of(order)
        return known[ranking]


@dataclass(frozen=True)
class Fitness:
    """How formulas are judged.

    ``of_all`` judges on all training rows. ``of_some`` returns an evaluation on rows drawn by a generator,
    anew for each generation; None if all generations see all rows.
    """

    of_all: Evaluation
    of_some: Callable[[np.random.Generator], Evaluation] | None = None

    def of_generation(self, rng: np.random.Generator) -> Evaluation:
        """Return the evaluation of one generation."""
        return self.of_some(rng) if self.of_some else self.of_all

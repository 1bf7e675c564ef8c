"""The formulas that a method evolved, judged on every problem beside the hand-crafted proxies.

Where a training set holds some of a problem's space, its formulas are compared on the architectures that no
evolution saw, and so are the hand-crafted proxies beside them.
"""

from dataclasses import dataclass

import pandas as pd

from zcrepro.generalization import ALL, HANDCRAFTED, HELD_OUT
from zcrepro.problems.problem import Problem
from zcrepro.report._inputs import Inputs
from zcrepro.report._runs import EVOLUTIONS, Run, fittest, read_runs

GENERALIZATION = "generalization"

METRIC = "kendall"


@dataclass(frozen=True)
class Formulas:
    """The formulas of one method.

    ``frame`` holds the Kendall correlations of the generalization stage, of the formulas and of the
    hand-crafted proxies. ``runs`` are the evolutions; there may be fewer of them than formulas.
    """

    method: str
    frame: pd.DataFrame
    runs: list[Run]

    @property
    def problems(self) -> list[Problem]:
        return [Problem.parse(text) for text in sorted(set(self.frame["problem"]))]

    @property
    def training_sets(self) -> list[str]:
        """The training sets in the order of the runs, then those without runs; summaries show the first."""
        ordered = dict.fromkeys(run.training_set for run in self.runs)
        evolved = self.frame.loc[self.frame["method"] != HANDCRAFTED, "training_set"]
        return [*ordered, *sorted(set(evolved) - set(ordered))]

    @property
    def handcrafted(self) -> list[str]:
        """The names of the hand-crafted proxies."""
        return sorted(set(self.frame.loc[self.frame["method"] == HANDCRAFTED, "name"]))

    def of_training_set(self, problem: Problem, training_set: str) -> pd.DataFrame:
        """Return the rows of a training set's formulas on a problem, one per repeat."""
        rows = self._on(problem, self._population(problem, training_set))
        evolved = (rows["training_set"] == training_set) & (rows["method"] != HANDCRAFTED)
        return rows[evolved].sort_values(["repeat", "name"], ignore_index=True)

    def of_handcrafted(self, problem: Problem, training_set: str | None = None) -> pd.DataFrame:
        """Return the rows of the hand-crafted proxies on a problem, by name.

        They are on the architectures that formulas of ``training_set`` are compared on; None stands for the
        first training set, which summaries show.
        """
        beside = next(iter(self.training_sets), "") if training_set is None else training_set
        chosen = self._population(problem, beside)
        rows = self._on(problem, chosen)
        of_set = rows["training_set"] == (beside if chosen == HELD_OUT else "")
        return rows[of_set & (rows["method"] == HANDCRAFTED)].sort_values("name", ignore_index=True)

    def of_fittest(self, problem: Problem, training_set: str) -> pd.Series | None:
        """Return the row of the formula with the largest training fitness, or None if it has no value."""
        run = fittest(self.runs, training_set)
        rows = self.of_training_set(problem, training_set)
        return best(rows[rows["repeat"] == run.repeat]) if run else None

    def _population(self, problem: Problem, training_set: str) -> str:
        of_set = self.frame["training_set"] == training_set
        populations = self.frame.loc[of_set & (self.frame["problem"] == str(problem)), "population"]
        return HELD_OUT if (populations == HELD_OUT).any() else ALL

    def _on(self, problem: Problem, population: str) -> pd.DataFrame:
        of_problem = self.frame["problem"] == str(problem)
        return self.frame[of_problem & (self.frame["population"] == population)]


def read_formulas(inputs: Inputs, method: str) -> Formulas | None:
    """Return the formulas of a method; None if the run did not judge them."""
    name = f"{GENERALIZATION}/{method}"
    if name not in inputs:
        return None
    frame = inputs.frame(name)
    return Formulas(method, frame[frame["metric"] == METRIC], read_runs(inputs, method))


def methods(inputs: Inputs) -> list[str]:
    """Return the methods with evolved or judged formulas among the inputs, in their order."""
    names = [*inputs.names(GENERALIZATION), *inputs.names(EVOLUTIONS)]
    return list(dict.fromkeys(name.split("/")[1] for name in names))


def every_method(inputs: Inputs) -> list[Formulas]:
    """Return the judged formulas of every method."""
    found = (read_formulas(inputs, method) for method in methods(inputs))
    return [formulas for formulas in found if formulas is not None]


def best(rows: pd.DataFrame) -> pd.Series | None:
    """Return the row with the largest value, the first of equal ones; None if no value is defined."""
    defined = rows[rows["value"].notna()]
    return None if defined.empty else defined.iloc[int(defined["value"].argmax())]


def median(rows: pd.DataFrame) -> pd.Series | None:
    """Return the row in the middle by value, the lower one of two; None if no value is defined.

    It is the row of a real run, with an interval of its own.
    """
    defined = rows[rows["value"].notna()].sort_values("value", kind="stable")
    return None if defined.empty else defined.iloc[(len(defined) - 1) // 2]

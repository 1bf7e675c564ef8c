"""The formulas that a method evolved, judged on every problem beside the hand-crafted proxies and the counts.

If a training set holds some of a problem's space, its formulas are compared on the architectures that no
evolution saw, and so are the hand-crafted proxies and the structural counts beside them. A formula that is
constant on a problem puts nothing in order: its correlation is undefined, and counts as 0 among other runs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from zcrepro.generalization.table import ALL, COUNT, HANDCRAFTED, HELD_OUT, KENDALL, LATER
from zcrepro.problems.problem import Problem
from zcrepro.report import citations
from zcrepro.report._inputs import Inputs
from zcrepro.report._not_made import not_made
from zcrepro.report._runs import EVOLUTIONS, Run, fittest, read_runs
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, absent

GENERALIZATION = "generalization"

METRIC = KENDALL


@dataclass(frozen=True)
class Formulas:
    """The formulas of one method.

    ``frame`` is the table of the generalization stage. ``runs`` are the evolutions; there may be fewer of
    them than formulas.
    """

    method: str
    frame: pd.DataFrame
    runs: list[Run]

    @cached_property
    def problems(self) -> list[Problem]:
        return [Problem.parse(text) for text in sorted(set(self.frame["problem"]))]

    @cached_property
    def training_sets(self) -> list[str]:
        """The training sets in the order of the runs, then those without runs; summaries show the first."""
        ordered = dict.fromkeys(run.training_set for run in self.runs)
        evolved = self.frame.loc[self.frame["method"] == self.method, "training_set"]
        return [*ordered, *sorted(set(evolved) - set(ordered))]

    @cached_property
    def handcrafted(self) -> list[str]:
        """The names of the hand-crafted proxies."""
        return self._names(HANDCRAFTED)

    @cached_property
    def later(self) -> list[str]:
        """The names of the proxies of later papers."""
        return self._names(LATER)

    def cites(self, *problems: Problem) -> tuple[str, ...]:
        """Return the keys of the data that values on ``problems`` are computed from."""
        return tuple(dict.fromkeys([*citations.of_problems(problems), *self._sources]))

    def runs_of(self, training_set: str) -> list[Run]:
        """Return the evolutions on a training set."""
        return [run for run in self.runs if run.training_set == training_set]

    def of_training_set(self, problem: Problem, training_set: str, metric: str = METRIC) -> pd.DataFrame:
        """Return the rows of a training set's formulas on a problem, one per repeat."""
        key = str(problem), self._population(problem, training_set), metric, training_set
        return self._of_sets.get(key, self.frame[:0])

    def of_handcrafted(
        self, problem: Problem, training_set: str | None = None, metric: str = METRIC
    ) -> pd.DataFrame:
        """Return the rows of the hand-crafted proxies on a problem, by name.

        They are on the architectures that formulas of ``training_set`` are compared on; None stands for the
        first training set, which summaries show.
        """
        return self._beside(HANDCRAFTED, problem, training_set, metric)

    def of_later(
        self, problem: Problem, training_set: str | None = None, metric: str = METRIC
    ) -> pd.DataFrame:
        """Return the rows of the proxies of later papers that the problem has."""
        rows = self._beside(LATER, problem, training_set, metric)
        return rows[~rows["status"].str.startswith("no score")]

    def of_counts(
        self, problem: Problem, training_set: str | None = None, metric: str = METRIC
    ) -> pd.DataFrame:
        """Return the rows of the structural counts, as ``of_handcrafted`` does those of the proxies."""
        return self._beside(COUNT, problem, training_set, metric)

    def of_fittest(self, problem: Problem, training_set: str, metric: str = METRIC) -> pd.Series | None:
        """Return the row of the formula with the largest training fitness, or None if it has no row."""
        run = fittest(self.runs, training_set)
        rows = self.of_training_set(problem, training_set, metric)
        rows = rows[rows["repeat"] == run.repeat] if run else rows[:0]
        return None if rows.empty else rows.iloc[0]

    def _names(self, method: str) -> list[str]:
        return sorted(set(self.frame.loc[self.frame["method"] == method, "name"]))

    def _beside(self, method: str, problem: Problem, training_set: str | None, metric: str) -> pd.DataFrame:
        beside = next(iter(self.training_sets), "") if training_set is None else training_set
        chosen = self._population(problem, beside)
        rows = self._on(problem, chosen, metric)
        of_set = rows["training_set"] == (beside if chosen == HELD_OUT else "")
        return rows[of_set & (rows["method"] == method)].sort_values("name", ignore_index=True)

    def _population(self, problem: Problem, training_set: str) -> str:
        return HELD_OUT if (str(problem), HELD_OUT, training_set) in self._judged else ALL

    def _on(self, problem: Problem, population: str, metric: str) -> pd.DataFrame:
        return self._parts.get((str(problem), population, metric), self.frame[:0])

    @cached_property
    def _sources(self) -> list[str]:
        """The keys of the scores and of the counts."""
        inputs = [key for run in self.runs for key in run.cites]
        counts = [citations.GRAF] if (self.frame["method"] == COUNT).any() else []
        return [key for key in [*inputs, *counts] if key in (citations.RELEASED, citations.GRAF)]

    @cached_property
    def _judged(self) -> set[tuple[str, str, str]]:
        known = self.frame[["problem", "population", "training_set"]].drop_duplicates()
        return set(known.itertuples(index=False, name=None))

    @cached_property
    def _parts(self) -> dict[tuple[str, ...], pd.DataFrame]:
        # To select the rows of each cell of a table from the frame takes minutes.
        return _grouped(self.frame, ["problem", "population", "metric"])

    @cached_property
    def _of_sets(self) -> dict[tuple[str, ...], pd.DataFrame]:
        evolved = self.frame[self.frame["method"] == self.method].sort_values(["repeat", "name"])
        return _grouped(evolved, ["problem", "population", "metric", "training_set"])


def read_formulas(inputs: Inputs, method: str) -> Formulas | None:
    """Return the formulas of a method; None if the run did not judge them."""
    name = f"{GENERALIZATION}/{method}"
    return Formulas(method, inputs.frame(name), read_runs(inputs, method)) if name in inputs else None


def of_method(
    method: str, rows: Callable[[Formulas, Context], Iterator[Measured]]
) -> Callable[[Context], Iterator[Measured]]:
    """Return what measures a table of one method: its ``rows``, or one row without its formulas."""

    def measure(context: Context) -> Iterator[Measured]:
        formulas = read_formulas(context.inputs, method)
        if formulas is None:
            yield absent("evolved", "all problems", METRIC, "", not_made(f"{GENERALIZATION}/{method}"))
        else:
            yield from rows(formulas, context)

    return measure


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
    return _largest(rows, rows["value"])


def best_either_way(rows: pd.DataFrame) -> pd.Series | None:
    """Return the row with the largest absolute value, the first of equal ones; None if none is defined."""
    return _largest(rows, rows["value"].abs())


def median(rows: pd.DataFrame) -> pd.Series | None:
    """Return the row in the middle by value, the lower one of two; None if there is no row.

    No two runs are averaged, so the row has an interval of its own. An undefined value counts as 0.
    """
    ordered = rows.loc[rows["value"].fillna(0.0).sort_values(kind="stable").index]
    return None if ordered.empty else ordered.iloc[(len(ordered) - 1) // 2]


def _largest(rows: pd.DataFrame, by: pd.Series) -> pd.Series | None:
    defined = rows[by.notna()]
    return None if defined.empty else defined.iloc[int(by[by.notna()].argmax())]


def _grouped(frame: pd.DataFrame, by: list[str]) -> dict[tuple[str, ...], pd.DataFrame]:
    return {tuple(map(str, key)): rows.reset_index(drop=True) for key, rows in frame.groupby(by, sort=False)}

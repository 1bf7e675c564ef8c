"""A score beside the number of parameters and other simple scores, on the same architectures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zcrepro.problems.accuracies import REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Files, Rows, read_draws
from zcrepro.problems.scores import FEATURES, ScoreTable
from zcrepro.ranking.resampled import Correlations, correlations
from zcrepro.report import citations
from zcrepro.report._populations import embedded_note
from zcrepro.report.context import Context
from zcrepro.report.entry import ARCHITECTURES, Measured, stated

PARAMS = "params"
SIMPLE = (PARAMS, "flops", "synflow", "nwot")
"""The scores that stand beside another one."""

METRIC, NUMBER = "kendall", "architectures"
KENDALL, SPEARMAN = 0, 1
"""The places of the statistics in ``Correlations``."""

BEATEN = "the number of parameters ranks better: the whole interval of the difference lies below 0"
UNDECIDED = "undecided against the number of parameters: the interval of the difference holds 0"
SIGN = "the sign of the number of parameters is turned, as it suits it"


@dataclass(frozen=True)
class Beside:
    """A score and simple scores of a problem, on the architectures that have all of them in every draw.

    Attributes
    ----------
    rows
        The rows of the first draw.
    names
        The score, then those of SIMPLE that the features have.
    found
        The correlations with accuracy, in the order of the names.
    """

    rows: Rows
    names: list[str]
    found: Correlations

    def number(self, row: str, column: str, number: int, *notes: str) -> Measured:
        """Return an entry that counts architectures."""
        return self._entry(row, column, NUMBER, float(number), (math.nan, math.nan), *notes)

    def correlation(self, row: str, column: str, name: str, statistic: int = KENDALL) -> Measured:
        """Return the entry of a correlation with accuracy."""
        place = self.names.index(name)
        value = self.found.value(place, statistic)
        note = "the score is equal on all architectures" if math.isnan(value) else ""
        metric = METRIC if statistic == KENDALL else "spearman"
        return self._entry(row, column, metric, value, self.found.interval(place, statistic), note)

    def minus_params(self, row: str, column: str) -> Measured:
        """Return tau of the score minus the absolute tau of the number of parameters, with what that says."""
        params = self.names.index(PARAMS)
        value, (low, high) = self.found.lead(0, params)
        said = BEATEN if high < 0 else UNDECIDED if low <= 0 <= high else ""
        turned = SIGN if self.found.value(params, KENDALL) < 0 else ""
        return self._entry(row, column, METRIC, value, (low, high), said, turned)

    def _entry(
        self, row: str, column: str, metric: str, value: float, interval: tuple[float, float], *notes: str
    ) -> Measured:
        problem = self.rows.problem
        return Measured(
            row=row,
            column=column,
            metric=metric,
            value=value,
            n=len(self.rows),
            population="architectures with every score of the row",
            notes=stated([*notes, f"with {self.rows.metric} accuracy", embedded_note(problem)]),
            interval=interval,
            interval_kind="" if math.isnan(interval[0]) else ARCHITECTURES,
            seeds=self.found.by_draw.shape[1],
            problem=str(problem),
            cites=(*citations.of_problems([problem]), citations.EZNAS),
        )


def beside(context: Context, table: str, problem: Problem, name: str) -> Beside | str:
    """Return a score beside simple ones, or a text that says why there is none.

    The accuracies and features of the problem must be inputs.
    """
    features = context.inputs.path(f"features/{problem}")
    files = Files(context.inputs.path(f"accuracies/{problem.space}"), [ScoreTable(features, FEATURES)])
    # What is undefined is left out, and the number of architectures says how much is left.
    names = files.offered(problem, (name, *SIMPLE), max_undefined_share=1.0)
    if name not in names:
        return f"no score {name} in features/{problem}"
    draws = read_draws(problem, files, names, metrics=REPORTING, max_undefined_share=1.0)
    if not len(draws[0]):
        return f"no architecture has all of {', '.join(names)} in features/{problem}"
    values = np.stack([[draw.columns[each] for draw in draws] for each in names])
    rows = draws[0]
    drawn = context.resamples, context.level, context.rng(table, str(problem))
    return Beside(rows, names, correlations(values, rows.accuracy, rows.graph, *drawn))

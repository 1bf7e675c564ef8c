"""A score beside others, such as the number of parameters, on the same architectures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from zcrepro.problems.accuracies import REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Files, Rows, read_draws
from zcrepro.problems.scores import FEATURES, RELEASED, ScoreTable
from zcrepro.problems.split import Split
from zcrepro.programs.names import IMAGES
from zcrepro.ranking.resampled import Correlations, correlations
from zcrepro.report import _scored, citations
from zcrepro.report._inputs import Inputs
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
PUBLISHED_SCORE = "a published score"
SIGN = "the sign of the number of parameters is turned, as it suits it"


@dataclass(frozen=True)
class Beside:
    """A score and simple scores of a problem, on the architectures that have all of them in every draw.

    Attributes
    ----------
    rows
        The rows of the first draw.
    names
        The score, then those of the other scores that there are.
    found
        The correlations with accuracy, in the order of the names.
    notes
        What a reader must know of all values.
    """

    rows: Rows
    names: list[str]
    found: Correlations
    notes: tuple[str, ...] = ()

    def number(self, row: str, column: str, number: int, *notes: str) -> Measured:
        """Return an entry that counts architectures."""
        return self._entry(row, column, NUMBER, float(number), (math.nan, math.nan), *notes)

    def images(self, row: str, inputs: Inputs, made: str) -> Iterator[Measured]:
        """Yield the numbers of images that programs were evaluated on, the least and the most."""
        scores = inputs.frame(made)
        if IMAGES in scores:
            yield self.number(row, "images, least", int(scores[IMAGES].min()))
            yield self.number(row, "images, most", int(scores[IMAGES].max()))

    def correlation(self, row: str, column: str, name: str, statistic: int = KENDALL) -> Measured:
        """Return the entry of a correlation with accuracy."""
        place = self.names.index(name)
        value = self.found.value(place, statistic)
        note = "the score is equal on all architectures" if math.isnan(value) else ""
        published = PUBLISHED_SCORE if self.rows.sources.get(name) == RELEASED else ""
        metric = METRIC if statistic == KENDALL else "spearman"
        return self._entry(row, column, metric, value, self.found.interval(place, statistic), note, published)

    def minus_params(self, row: str, column: str) -> Measured:
        """Return tau of the score minus the absolute tau of the number of parameters, with what that says."""
        params = self.names.index(PARAMS)
        value, (low, high) = self.found.lead(0, params)
        said = BEATEN if high < 0 else UNDECIDED if low <= 0 <= high else ""
        turned = SIGN if self.found.value(params, KENDALL) < 0 else ""
        return self._entry(row, column, METRIC, value, (low, high), said, turned)

    def minus(self, row: str, column: str, rival: str) -> Measured:
        """Return tau of the score minus the absolute tau of another one."""
        value, interval = self.found.lead(0, self.names.index(rival))
        return self._entry(row, column, METRIC, value, interval)

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
            notes=stated([*notes, f"with {self.rows.metric} accuracy", embedded_note(problem), *self.notes]),
            interval=interval,
            interval_kind="" if math.isnan(interval[0]) else ARCHITECTURES,
            seeds=self.found.by_draw.shape[1],
            problem=str(problem),
            cites=(*citations.of_problems([problem]), citations.EZNAS),
        )


def beside(
    context: Context,
    table: str,
    problem: Problem,
    name: str,
    others: Sequence[str] = SIMPLE,
    *,
    folder: str = FEATURES,
    split: Split | None = None,
    lower: bool = False,
) -> Beside | str:
    """Return a score beside others, or a text that says why there is none.

    Parameters
    ----------
    context
        The inputs: the accuracies of the space, and the scores of the problem in ``folder``.
    table
        The name of the table, for its random stream.
    problem
        The problem.
    name
        The score.
    others
        The others. What the folder lacks is looked for in ``features`` and among published scores.
    folder
        The features or a variant of them, ``features-<variant>``.
    split
        If it is given, architectures whose graphs are not held out are dropped.
    lower
        Whether smaller values of the score are better; then its sign is turned.
    """
    inputs = context.inputs
    made = f"{folder}/{problem}"
    tables = [ScoreTable(inputs.path(made), FEATURES)]
    for also, kind in ((f"{FEATURES}/{problem}", FEATURES), (f"{RELEASED}/{problem.space}", RELEASED)):
        if also != made and also in inputs:
            tables.append(ScoreTable(inputs.path(also), kind))
    files = Files(inputs.path(f"accuracies/{problem.space}"), tables)
    # What is undefined is left out, and the number of architectures says how much is left.
    names = files.offered(problem, (name, *others), max_undefined_share=1.0)
    if name not in names:
        return f"no score {name} in {made}"
    draws = read_draws(problem, files, names, metrics=REPORTING, max_undefined_share=1.0)
    if split is not None:
        draws = [draw.where(split.held_out(problem.space, draw.graph)) for draw in draws]
    if not len(draws[0]):
        return f"no architecture has all of {', '.join(names)} in {made}"
    values = np.stack([[draw.columns[each] for draw in draws] for each in names])
    values[0] *= -1 if lower else 1
    rows = draws[0]
    drawn = context.resamples, context.level, context.rng(table, str(problem))
    notes = stated([_scored.other_images(inputs, made)])
    return Beside(rows, names, correlations(values, rows.accuracy, rows.graph, *drawn), notes)

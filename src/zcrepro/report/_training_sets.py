"""Rows of a table that sum up the runs of each training set."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.report import _evolved, _wins
from zcrepro.report._formulas import METRIC, Formulas
from zcrepro.report._populations import describe, embedded_note
from zcrepro.report._runs import Run
from zcrepro.report.context import Context
from zcrepro.report.entry import EVOLVED, RUNS, Measured, absent, stated

MEAN = "mean over problems"

UNDEFINED = (
    "A formula that is constant on a problem puts nothing in order: it counts as tau 0 in a mean, and wins "
    "nothing."
)
"""What a caption says of undefined correlations."""


def spaces(runs: Sequence[Run]) -> int:
    """Return the number of search spaces that a training set, of which ``runs`` are all runs, draws on."""
    return len({problem.space for run in runs for problem in run.problems})


def rows(formulas: Formulas, training_set: str, context: Context) -> Iterator[Measured]:
    """Yield the mean tau over the runs for each problem, then over all problems, and the median wins."""
    for problem in formulas.problems:
        yield mean_tau(formulas, problem, training_set, context, label=training_set)
    yield from _over_problems(formulas, training_set, context)
    yield from _wins.of_runs(formulas, training_set, training_set, stated([about(formulas, training_set)]))


def mean_tau(
    formulas: Formulas,
    problem: Problem,
    training_set: str,
    context: Context,
    *,
    label: str,
    series: str = "",
) -> Measured:
    """Return Kendall's tau on a problem, the mean over the runs of a training set with its interval."""
    found = formulas.of_training_set(problem, training_set)
    if found.empty:
        return absent(label, str(problem), METRIC, series, "no run was judged")
    undefined = found["value"].isna()
    values = found["value"].fillna(math.nan if undefined.all() else 0.0).to_numpy()
    share = "every formula is" if undefined.all() else "some formulas are" if undefined.any() else ""
    notes = [f"{share} constant on this problem" if share else ""]
    if not undefined.all():
        notes += [about(formulas, training_set), embedded_note(problem)]
    return Measured(
        row=label,
        column=str(problem),
        metric=METRIC,
        value=float(values.mean()),
        n=int(found["n"].min()),
        population=describe(problem, str(found["population"].iloc[0])),
        series=series,
        notes=stated(notes),
        interval=context.student_t(values),
        interval_kind=RUNS,
        seeds=len(values),
        problem=str(problem),
        role=EVOLVED,
        name=training_set,
        cites=formulas.cites(problem),
    )


def about(formulas: Formulas, training_set: str) -> str:
    """Return what a training set is: its problems with labels, its inputs and their normalisation."""
    runs = formulas.runs_of(training_set)
    if not runs:
        return ""
    labels = ", ".join(f"{problem} ({number})" for problem, number in runs[0].labels.items())
    how = _evolved.NORMALISATION[runs[0].by_population]
    return f"evolved on {labels}, from {runs[0].inputs_in_words}, {how}"


def _over_problems(formulas: Formulas, training_set: str, context: Context) -> Iterator[Measured]:
    found = [formulas.of_training_set(problem, training_set) for problem in formulas.problems]
    by_run = pd.concat(found).assign(value=lambda frame: frame["value"].fillna(0.0)).groupby("repeat")
    values = by_run["value"].mean().to_numpy()
    if len(values):
        yield Measured(
            row=training_set,
            column=MEAN,
            metric=METRIC,
            value=float(values.mean()),
            n=len(formulas.problems),
            population="problems",
            notes=stated([about(formulas, training_set)]),
            interval=context.student_t(values),
            interval_kind=RUNS,
            seeds=len(values),
            cites=formulas.cites(*formulas.problems),
        )

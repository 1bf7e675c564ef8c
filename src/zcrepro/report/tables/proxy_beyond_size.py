"""Kendall's tau among architectures of nearly equal size, and among those of equal structural counts.

It tells whether a proxy or a formula knows more than the number of parameters, or than the counts.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from zcrepro.generalization.stage import NEARLY_EQUAL
from zcrepro.generalization.table import EQUAL_COUNTS, EQUAL_PARAMS, KENDALL
from zcrepro.problems.problem import Problem
from zcrepro.report import _formulas
from zcrepro.report._base import Table
from zcrepro.report._formulas import GENERALIZATION, METRIC, Formulas
from zcrepro.report._not_made import not_made
from zcrepro.report._populations import describe, embedded_note
from zcrepro.report.context import Context
from zcrepro.report.entry import ARCHITECTURES, EVOLVED, HANDCRAFTED, Measured, absent, stated
from zcrepro.spaces.structural_counts import PREFIX

READS = ("generalization/*", "evolved/*")

AMONG = {
    KENDALL: "all pairs",
    EQUAL_PARAMS: "pairs of nearly equal parameters",
    EQUAL_COUNTS: "pairs of equal counts",
}
"""The lines of each row, by metric."""

FEW, TOO_FEW = 1000, 100
"""Pairs below which a value is marked, and below which it is not shown."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield the numbers of pairs, then three lines per hand-crafted proxy, best count and fittest formula."""
    found = _formulas.every_method(context.inputs)
    if not found:
        yield absent("evolved", "all problems", METRIC, "", not_made(f"{GENERALIZATION}/"))
    for formulas in found:
        prefix = f"{formulas.method}, " if len(found) > 1 else ""
        for entry in _entries(formulas):
            yield replace(entry, series=f"{prefix}{entry.series}")


def _entries(formulas: Formulas) -> Iterator[Measured]:
    places = [(problem, metric) for problem in formulas.problems for metric in AMONG]
    for problem, metric in places:
        yield from _number_of_pairs(
            formulas, problem, formulas.of_handcrafted(problem, metric=metric), metric
        )
    for names, of, role in (
        (formulas.handcrafted, formulas.of_handcrafted, HANDCRAFTED),
        (formulas.later, formulas.of_later, ""),
    ):
        for name in names:
            for problem, metric in places:
                rows = of(problem, metric=metric)
                for row in _shown(rows[rows["name"] == name], metric):
                    yield replace(_entry(formulas, name, problem, row, metric), role=role, name=name)
    for problem, metric in places:
        best = _formulas.best_either_way(formulas.of_counts(problem, metric=metric))
        for row in [] if best is None else _shown(best.to_frame().T, metric):
            choice = str(row["name"]).removeprefix(PREFIX)
            yield replace(_entry(formulas, "best count", problem, row, metric), name=choice, choice=choice)
    for training_set in formulas.training_sets:
        for problem, metric in places:
            fittest = formulas.of_fittest(problem, training_set, metric)
            for row in [] if fittest is None else _shown(fittest.to_frame().T, metric):
                label = f"evolved on {training_set}, the fittest"
                yield replace(_entry(formulas, label, problem, row, metric), role=EVOLVED, name=training_set)


def _number_of_pairs(
    formulas: Formulas, problem: Problem, rows: pd.DataFrame, metric: str
) -> Iterator[Measured]:
    if len(rows):
        n = int(rows["n"].max())
        number = math.comb(n, 2) if metric == KENDALL else n
        entry = _entry(formulas, "number of pairs", problem, rows.iloc[0], metric)
        yield replace(entry, metric="pairs", value=float(number), interval=(math.nan, math.nan), notes=())


def _shown(rows: pd.DataFrame, metric: str) -> list[pd.Series]:
    """Return the rows with a score and enough pairs."""
    return [
        row
        for _, row in rows.iterrows()
        if not row["status"].startswith("no score") and (metric == KENDALL or row["n"] >= TOO_FEW)
    ]


def _entry(formulas: Formulas, label: str, problem: Problem, row: pd.Series, metric: str) -> Measured:
    of_pairs = metric != KENDALL
    few = f"fewer than {FEW:,} pairs" if of_pairs and row["n"] < FEW and not pd.isna(row["value"]) else ""
    population = describe(problem, str(row["population"]))
    return Measured(
        row=label,
        column=str(problem),
        metric=metric,
        value=float(row["value"]),
        n=int(row["n"]),
        population=f"pairs among {population}" if of_pairs else population,
        series=AMONG[metric],
        notes=stated([few, embedded_note(problem)]),
        interval=(float(row["ci_low"]), float(row["ci_high"])),
        interval_kind=ARCHITECTURES,
        seeds=int(row["draws"]),
        problem=str(problem),
        cites=formulas.cites(problem),
    )


TABLE = Table(
    paper="zcrepro",
    title="What proxies know beyond size and structure",
    caption=(
        "Kendall's tau with accuracy among all pairs of architectures, with a bootstrap interval over "
        f"architectures; among the pairs whose parameters differ by less than {NEARLY_EQUAL:.0%}; and among "
        "those whose structural counts are all equal, so that no formula of counts tells them apart. The "
        "last two have no interval, since their pairs share architectures, and values of fewer than "
        f"{TOO_FEW} pairs are left out. Rows: every hand-crafted proxy, the count "
        "that is best by absolute value on each line and problem, and for each training set the run that is "
        "fittest in training. A value is undefined if all pairs are tied."
    ),
    measure=measure,
)

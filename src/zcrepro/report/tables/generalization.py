"""Formulas on problems that they were evolved on and on others: the mean over the runs per training set."""

from collections.abc import Iterator

import pandas as pd

from zcrepro.generalization.table import MINUS_COUNT, MINUS_HANDCRAFTED, MINUS_SOUND
from zcrepro.problems.problem import Problem
from zcrepro.report import _formulas, _training_sets, _wins
from zcrepro.report._base import Table
from zcrepro.report._formulas import GENERALIZATION, METRIC, Formulas
from zcrepro.report._not_made import not_made
from zcrepro.report._populations import describe, embedded_note
from zcrepro.report.context import Context
from zcrepro.report.entry import ARCHITECTURES, HANDCRAFTED, Measured, absent, stated
from zcrepro.spaces.structural_counts import PREFIX

READS = ("generalization/*", "evolved/*")

BEST_HANDCRAFTED, BEST_COUNT = "best hand-crafted", "best count"

MEAN = "mean over runs"
LEADS = {
    MINUS_HANDCRAFTED: "fittest minus best hand-crafted",
    MINUS_SOUND: "fittest minus best sound hand-crafted",
    MINUS_COUNT: "fittest minus best count",
}
"""The lines of leads, by metric."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield the best hand-crafted proxy and count of each problem, then mean and leads by training set."""
    found = _formulas.every_method(context.inputs)
    if not found:
        yield absent("evolved", "all problems", METRIC, "", not_made(f"{GENERALIZATION}/"))
    for formulas in found:
        prefix = f"{formulas.method}, " if len(found) > 1 else ""
        yield from _beside(formulas, prefix)
        for training_set in formulas.training_sets:
            for problem in formulas.problems:
                yield _training_sets.mean_tau(
                    formulas,
                    problem,
                    training_set,
                    context,
                    label=f"evolved on {training_set}",
                    series=f"{prefix}{MEAN}",
                )
            yield from _leads(formulas, training_set, prefix)


def _beside(formulas: Formulas, prefix: str) -> Iterator[Measured]:
    for problem in formulas.problems:
        rows = {
            BEST_HANDCRAFTED: (formulas.of_handcrafted(problem), HANDCRAFTED),
            BEST_COUNT: (formulas.of_counts(problem), ""),
        }
        for label, (known, role) in rows.items():
            best = _formulas.best_either_way(known)
            series = f"{prefix}largest absolute value"
            if best is not None:
                yield _chosen(formulas, label, problem, best, METRIC, series, str(best["name"]), role)
            elif role:
                missing = "no hand-crafted proxy has a value"
                yield absent(label, str(problem), METRIC, series, missing)


def _leads(formulas: Formulas, training_set: str, prefix: str) -> Iterator[Measured]:
    """Yield how far the fittest formula of a training set is ahead of its rivals."""
    for metric, series in LEADS.items():
        for problem in formulas.problems:
            row = formulas.of_fittest(problem, training_set, metric)
            if row is not None:
                label = f"evolved on {training_set}"
                yield _chosen(formulas, label, problem, row, metric, f"{prefix}{series}", str(row["rival"]))


def _chosen(
    formulas: Formulas,
    label: str,
    problem: Problem,
    row: pd.Series,
    metric: str,
    series: str,
    choice: str,
    role: str = "",
) -> Measured:
    """Return the entry of a row beside the name of what was chosen, a proxy or a count."""
    choice = choice.removeprefix(PREFIX)
    return Measured(
        row=label,
        column=str(problem),
        metric=metric,
        value=float(row["value"]),
        n=int(row["n"]),
        population=describe(problem, str(row["population"])),
        series=series,
        notes=stated([embedded_note(problem)]),
        interval=(float(row["ci_low"]), float(row["ci_high"])),
        interval_kind=ARCHITECTURES,
        seeds=int(row["draws"]),
        problem=str(problem),
        role=role,
        name=choice,
        choice=choice,
        cites=formulas.cites(problem),
    )


TABLE = Table(
    paper="zcrepro",
    title="Generalization: evolved on some problems, judged on all",
    caption=(
        "Kendall's tau with accuracy. For each training set: the mean over the runs of the evolution, with "
        "Student's t interval over the runs; and how far its fittest run, chosen by training fitness, is "
        "ahead of the best rival, which is named, with a paired bootstrap interval over architectures. A "
        "lead below 0 is a defeat. In spaces that a formula was evolved in, only architectures count that no "
        "evolution saw. Best hand-crafted proxy and best count, by absolute value: on the architectures that "
        f"the first training set is judged on. {_training_sets.UNDEFINED} {_wins.RIVALS}"
    ),
    measure=measure,
)

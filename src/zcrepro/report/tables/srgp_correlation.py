"""Kendall's tau of every hand-crafted proxy and of the evolved formulas, problem by problem.

After Phan and Luong (2025), whose printed values are not known. So there is no reference, and the claim to
look at is that the evolved formula ranks better than every hand-crafted proxy.
"""

from collections.abc import Iterator

import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.report import _formulas, _runs, citations
from zcrepro.report._base import Table
from zcrepro.report._formulas import GENERALIZATION, METRIC, Formulas
from zcrepro.report._populations import describe, embedded_note
from zcrepro.report.context import Context
from zcrepro.report.entry import (
    ARCHITECTURES,
    EVOLVED,
    HANDCRAFTED,
    Measured,
    absent,
    spread_note,
    stated,
)

READS = ("generalization/srgp", "evolved/srgp/*")

METHOD = "srgp"

FITTEST, MEDIAN, BEST = "fittest", "median", "best"
NOTES = {
    FITTEST: "the run that is fittest on its training architectures",
    MEDIAN: "the middle run on this problem",
    BEST: "the best run on these very architectures: an upper bound, not a value to compare with",
}


def measure(context: Context) -> Iterator[Measured]:
    """Yield an entry per proxy, and three per training set; intervals are the generalization stage's."""
    formulas = _formulas.read_formulas(context.inputs, METHOD)
    if formulas is None:
        yield absent("evolved", "all problems", METRIC, "", f"the run makes no {GENERALIZATION}/{METHOD}")
        return
    for problem in formulas.problems:
        for _, row in formulas.of_handcrafted(problem).iterrows():
            name = str(row["name"])
            yield _measured(name, problem, row, HANDCRAFTED, name, HANDCRAFTED, int(row["draws"]))
        for training_set in formulas.training_sets:
            yield from _evolved(formulas, problem, training_set)


def _evolved(formulas: Formulas, problem: Problem, training_set: str) -> Iterator[Measured]:
    rows = formulas.of_training_set(problem, training_set)
    chosen = {
        FITTEST: formulas.of_fittest(problem, training_set),
        MEDIAN: _formulas.median(rows),
        BEST: _formulas.best(rows),
    }
    for which, row in chosen.items():
        name = f"{training_set} ({which})"
        label = f"evolved on {name}"
        if row is not None:
            yield _measured(label, problem, row, EVOLVED, name, NOTES[which], len(rows))
        elif which == FITTEST and _runs.fittest(formulas.runs, training_set) is None:
            yield absent(label, str(problem), METRIC, "", f"{_runs.EVOLUTIONS}/{METHOD}/{training_set}")
        else:
            yield absent(label, str(problem), METRIC, "", "no run has a value")


def _measured(
    label: str, problem: Problem, row: pd.Series, role: str, name: str, note: str, seeds: int
) -> Measured:
    notes = [
        note,
        f"with {row['metric_of']} accuracy",
        spread_note(row["draws"], row["lowest"], row["highest"]),
        embedded_note(problem),
        f"undefined scores left out: {row['undefined']}" if row["undefined"] else "",
    ]
    return Measured(
        row=label,
        column=str(problem),
        metric=METRIC,
        value=float(row["value"]),
        n=int(row["n"]),
        population=describe(problem, str(row["population"])),
        notes=stated(notes),
        interval=(float(row["ci_low"]), float(row["ci_high"])),
        interval_kind=ARCHITECTURES,
        seeds=seeds,
        problem=str(problem),
        role=role,
        name=name,
        cites=citations.of_problems([problem]),
    )


TABLE = Table(
    paper="SRGP",
    title="SRGP: rank correlation of hand-crafted and evolved proxies",
    caption=(
        "Kendall's tau with accuracy, the mean over the draws of the scores, with a bootstrap interval over "
        "architectures. Where a formula was evolved in a problem's space, it and the hand-crafted proxies "
        "are judged on architectures that no evolution saw."
    ),
    measure=measure,
)

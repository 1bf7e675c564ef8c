"""Formulas on problems that they were evolved on and on others: the mean over the runs per training set."""

from collections.abc import Iterator

import numpy as np

from zcrepro.problems.problem import Problem
from zcrepro.report import _formulas, citations
from zcrepro.report._base import Table
from zcrepro.report._formulas import GENERALIZATION, METRIC, Formulas
from zcrepro.report._populations import describe, embedded_note
from zcrepro.report.context import Context
from zcrepro.report.entry import (
    ARCHITECTURES,
    EVOLVED,
    HANDCRAFTED,
    RUNS,
    Measured,
    absent,
    spread_note,
    stated,
)

READS = ("generalization/*", "evolved/*")

BEST_HANDCRAFTED = "best hand-crafted"


def measure(context: Context) -> Iterator[Measured]:
    """Yield an entry per training set and problem, and the best hand-crafted proxy of each problem."""
    found = _formulas.every_method(context.inputs)
    if not found:
        yield absent("evolved", "all problems", METRIC, "", f"the run makes no {GENERALIZATION}/")
    for formulas in found:
        series = formulas.method if len(found) > 1 else ""
        for problem in formulas.problems:
            yield _handcrafted(formulas, problem, series)
            for training_set in formulas.training_sets:
                yield _evolved(formulas, problem, training_set, series, context)


def _handcrafted(formulas: Formulas, problem: Problem, series: str) -> Measured:
    row = _formulas.best(formulas.of_handcrafted(problem))
    if row is None:
        missing = "no hand-crafted proxy has a value"
        return absent(BEST_HANDCRAFTED, str(problem), METRIC, series, missing)
    notes = [
        f"{row['name']}: the largest on these very architectures, which favours it",
        spread_note(row["draws"], row["lowest"], row["highest"]),
        embedded_note(problem),
    ]
    return Measured(
        row=BEST_HANDCRAFTED,
        column=str(problem),
        metric=METRIC,
        value=float(row["value"]),
        n=int(row["n"]),
        population=describe(problem, str(row["population"])),
        series=series,
        notes=stated(notes),
        interval=(float(row["ci_low"]), float(row["ci_high"])),
        interval_kind=ARCHITECTURES,
        seeds=int(row["draws"]),
        problem=str(problem),
        role=HANDCRAFTED,
        name=str(row["name"]),
        cites=citations.of_problems([problem]),
    )


def _evolved(
    formulas: Formulas, problem: Problem, training_set: str, series: str, context: Context
) -> Measured:
    label = f"evolved on {training_set}"
    rows = formulas.of_training_set(problem, training_set)
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return absent(label, str(problem), METRIC, series, "no run has a value")
    values = rows["value"].to_numpy(np.float64)
    return Measured(
        row=label,
        column=str(problem),
        metric=METRIC,
        value=float(values.mean()),
        n=int(rows["n"].min()),
        population=describe(problem, str(rows["population"].iloc[0])),
        series=series,
        notes=stated(_notes(formulas, problem, training_set)),
        interval=context.student_t(values),
        interval_kind=RUNS,
        seeds=len(rows),
        problem=str(problem),
        role=EVOLVED,
        name=training_set,
        cites=citations.of_problems([problem]),
    )


def _notes(formulas: Formulas, problem: Problem, training_set: str) -> Iterator[str]:
    yield "mean over the runs of the evolution"
    beside = _formulas.best(formulas.of_handcrafted(problem, training_set))
    if beside is not None:
        yield f"best hand-crafted on the same architectures: {beside['name']} {beside['value']:.3f}"
    yield embedded_note(problem)


TABLE = Table(
    paper="zcrepro",
    title="Generalization: evolved on some problems, judged on all",
    caption=(
        "Kendall's tau with accuracy: the mean over the runs of the evolution, with Student's t interval. In "
        "spaces that a formula was evolved in, only architectures that no evolution saw are counted. The "
        "best hand-crafted proxy is chosen for each problem after the fact; its interval is over "
        "architectures."
    ),
    measure=measure,
)

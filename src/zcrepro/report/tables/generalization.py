"""Formulas on problems they were evolved on and on others: the mean over the repeats of each training set."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.report import _evolved
from zcrepro.report._base import Bootstrap, Table
from zcrepro.report._evolved import GENERALIZATION
from zcrepro.report._inputs import Inputs
from zcrepro.report.comparison import ARCHITECTURES, INITIALISATIONS, Measured, absent, spread_note

METRIC = "kendall"
QUANTILES = (0.25, 0.75)
BEST_HANDCRAFTED = "best hand-crafted"


def measure(inputs: Inputs, bootstrap: Bootstrap) -> Iterator[Measured]:
    """A row for each training set and, above them, the best hand-crafted proxy of each problem."""
    del bootstrap
    if GENERALIZATION not in inputs:
        yield absent("evolved", "all problems", METRIC, "", f"the run makes no {GENERALIZATION}")
        return
    frame = _evolved.kendalls(inputs)
    sets = _evolved.training_sets(frame, _evolved.runs(inputs))
    for problem in _evolved.problems(frame):
        yield _handcrafted(frame, problem, sets[0] if sets else "")
        for training_set in sets:
            yield _evolved_row(frame, problem, training_set)


def label(training_set: str) -> str:
    """How the row of a training set is called."""
    return f"evolved on {training_set}"


def _handcrafted(frame: pd.DataFrame, problem: Problem, first_set: str) -> Measured:
    row = _evolved.best(_evolved.of_handcrafted(frame, problem, first_set))
    if row is None:
        return absent(BEST_HANDCRAFTED, str(problem), METRIC, "", "no hand-crafted proxy has a value")
    notes = [
        f"{row['name']}: the largest on these very architectures, which favours it",
        spread_note(row["draws"], row["lowest"], row["highest"]),
        _evolved.embedded_note(problem),
    ]
    return Measured(
        row=BEST_HANDCRAFTED,
        column=str(problem),
        metric=METRIC,
        value=float(row["value"]),
        n=int(row["n"]),
        population=_evolved.describe(problem, str(row["population"])),
        note="; ".join(part for part in notes if part),
        interval=(float(row["ci_low"]), float(row["ci_high"])),
        interval_kind=ARCHITECTURES,
        seeds=int(row["draws"]),
    )


def _evolved_row(frame: pd.DataFrame, problem: Problem, training_set: str) -> Measured:
    rows = _evolved.of_training_set(frame, problem, training_set)
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return absent(label(training_set), str(problem), METRIC, "", "no run has a value")
    values = rows["value"].to_numpy(np.float64)
    low, high = np.quantile(values, QUANTILES)
    return Measured(
        row=label(training_set),
        column=str(problem),
        metric=METRIC,
        value=float(values.mean()),
        n=int(rows["n"].min()),
        population=_evolved.describe(problem, str(rows["population"].iloc[0])),
        note="; ".join(part for part in _notes(frame, problem, training_set) if part),
        interval=(float(low), float(high)),
        interval_kind=INITIALISATIONS,
        seeds=len(rows),
    )


def _notes(frame: pd.DataFrame, problem: Problem, training_set: str) -> Iterator[str]:
    yield "mean and 25/75 quantiles over the runs of the evolution"
    beside = _evolved.best(_evolved.of_handcrafted(frame, problem, training_set))
    if beside is not None:
        yield f"best hand-crafted on the same architectures: {beside['name']} {beside['value']:.3f}"
    yield _evolved.embedded_note(problem)


TABLE = Table(
    paper="zcrepro",
    title="Generalization: evolved on some problems, judged on all",
    caption=(
        "Kendall's tau with accuracy: the mean over the repeats of the evolution, with their 25/75 "
        "quantiles. In spaces that a formula was evolved in, only architectures that no evolution saw are "
        "counted. The best hand-crafted proxy is chosen for each problem after the fact; its interval is "
        "over architectures."
    ),
    measure=measure,
)

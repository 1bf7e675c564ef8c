"""Kendall's tau of every hand-crafted proxy and of the evolved formulas, problem by problem.

After Phan and Luong (2025), whose printed figures are not known: so there is no reference, and
the claim to look at is that the evolved formula beats every hand-crafted proxy.
"""

from collections.abc import Iterator

import pandas as pd

from zcrepro.generalization import HANDCRAFTED
from zcrepro.problems.problem import Problem
from zcrepro.report import _evolved
from zcrepro.report._base import Bootstrap, Table
from zcrepro.report._evolved import EVOLVED, GENERALIZATION
from zcrepro.report._inputs import Inputs
from zcrepro.report.comparison import ARCHITECTURES, Measured, absent, spread_note

METRIC = "kendall"

FITTEST, MEDIAN, BEST = "fittest", "median", "best"
NOTES = {
    FITTEST: "the run that is fittest on its training architectures",
    MEDIAN: "the middle run on this problem",
    BEST: "the best run on these very architectures: an upper bound, no figure to compare with",
}


def measure(inputs: Inputs, bootstrap: Bootstrap) -> Iterator[Measured]:
    """A row for each proxy, three for each training set; intervals are the generalization stage's."""
    del bootstrap
    if GENERALIZATION not in inputs:
        yield absent("evolved", "all problems", METRIC, "", f"the run makes no {GENERALIZATION}")
        return
    frame, evolutions = _evolved.kendalls(inputs), _evolved.runs(inputs)
    sets = _evolved.training_sets(frame, evolutions)
    for problem in _evolved.problems(frame):
        yield from _handcrafted(frame, problem, sets[0] if sets else "")
        for training_set in sets:
            rows = _evolved.of_training_set(frame, problem, training_set)
            run = _evolved.fittest(evolutions, training_set)
            chosen = {
                FITTEST: _evolved.best(rows[rows["repeat"] == run.repeat]) if run else None,
                MEDIAN: _evolved.median(rows),
                BEST: _evolved.best(rows),
            }
            for which, row in chosen.items():
                yield _evolved_row(problem, training_set, which, row, len(rows), run is None)


def label(training_set: str, which: str) -> str:
    """How a row of evolved formulas is called."""
    return f"evolved on {training_set} ({which})"


def _handcrafted(frame: pd.DataFrame, problem: Problem, first_set: str) -> Iterator[Measured]:
    for _, row in _evolved.of_handcrafted(frame, problem, first_set).iterrows():
        yield _measured(str(row["name"]), problem, row, HANDCRAFTED, int(row["draws"]))


def _evolved_row(
    problem: Problem, training_set: str, which: str, row: pd.Series | None, repeats: int, no_runs: bool
) -> Measured:
    name = label(training_set, which)
    if row is None:
        missing = f"{EVOLVED}/{training_set}" if which == FITTEST and no_runs else "no run has a value"
        return absent(name, str(problem), METRIC, "", missing)
    return _measured(name, problem, row, NOTES[which], repeats)


def _measured(name: str, problem: Problem, row: pd.Series, note: str, seeds: int) -> Measured:
    spread = spread_note(row["draws"], row["lowest"], row["highest"])
    notes = [note, f"with {row['metric_of']} accuracy", spread, _evolved.embedded_note(problem)]
    if row["undefined"]:
        notes.append(f"undefined scores left out: {row['undefined']}")
    return Measured(
        row=name,
        column=str(problem),
        metric=METRIC,
        value=float(row["value"]),
        n=int(row["n"]),
        population=_evolved.describe(problem, str(row["population"])),
        note="; ".join(part for part in notes if part),
        interval=(float(row["ci_low"]), float(row["ci_high"])),
        interval_kind=ARCHITECTURES,
        seeds=seeds,
    )


TABLE = Table(
    paper="SRGP",
    title="SRGP: rank correlation of hand-crafted and evolved proxies",
    caption=(
        "Kendall's tau with accuracy, the mean over the draws of the scores, and its bootstrap interval over "
        "architectures. Where a formula was "
        "evolved in a problem's space, it and the hand-crafted proxies are judged on architectures that no "
        "evolution saw."
    ),
    measure=measure,
)

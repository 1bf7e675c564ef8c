"""Every run of the evolution: its formula, its size, its fitness on seen and unseen architectures."""

import math
from collections.abc import Iterator

from zcrepro.formulas.formula import definitions
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.problems.problem import EMBEDDED
from zcrepro.problems.units import RELEASED_UNITS
from zcrepro.report import _evolved
from zcrepro.report._base import Bootstrap, Table
from zcrepro.report._evolved import EVOLVED, Run
from zcrepro.report._inputs import Inputs
from zcrepro.report.comparison import Measured, absent

SIZE, TRAINING, HELD_OUT = "size", "training", "held out"


def measure(inputs: Inputs, bootstrap: Bootstrap) -> Iterator[Measured]:
    """A row a run: size, Kendall in training and on held-out architectures; the note is the formula."""
    del bootstrap
    evolutions = _evolved.runs(inputs)
    if not evolutions:
        yield absent("evolved", TRAINING, "kendall", "", f"the run makes no {EVOLVED}")
    for run in evolutions:
        yield _measured(run, SIZE, "nodes", run.size, 1)
        yield _measured(run, TRAINING, "kendall", run.fitness, run.architectures)
        yield _measured(run, HELD_OUT, "kendall", run.held_out, run.held_out_architectures)


def _measured(run: Run, column: str, metric: str, value: float, n: int) -> Measured:
    problems = ", ".join(
        f"{problem} ({EMBEDDED})" if problem.is_embedded else str(problem) for problem in run.problems
    )
    # Not every formula has an order on held-out architectures; none was missing.
    population = f"{column} architectures, {problems}" if column != SIZE else problems
    note = run.formula if not math.isnan(value) else f"{run.formula}; undefined"
    return Measured(run.label, column, metric, float(value), n, population, note, seeds=1)


TABLE = Table(
    paper="SRGP",
    title="SRGP: every run of the evolution",
    caption=(
        "One row a run: nodes of the formula, and Kendall's tau (the mean over the training set's problems) "
        "on the architectures it was evolved on and on those held out. "
        f"In the formulas {definitions(FUNCTIONS, RELEASED_UNITS)}."
    ),
    measure=measure,
    note_column="formula",
)

"""Every run of the evolution: its formula, its size, its fitness on seen and unseen architectures."""

import math
from collections.abc import Iterator

from zcrepro.formulas.formula import definitions
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.problems.problem import EMBEDDED
from zcrepro.problems.units import RELEASED_UNITS
from zcrepro.report import citations
from zcrepro.report._base import Table
from zcrepro.report._formulas import METRIC
from zcrepro.report._runs import EVOLUTIONS, Run, read_runs
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, absent

READS = ("evolved/srgp/*",)

METHOD = "srgp"

SIZE, TRAINING, HELD_OUT = "size", "training", "held out"


def measure(context: Context) -> Iterator[Measured]:
    """Yield three entries per run: size, and Kendall's tau in training and on held-out architectures.

    The note of each is the formula.
    """
    runs = read_runs(context.inputs, METHOD)
    if not runs:
        yield absent("evolved", TRAINING, METRIC, "", f"the run makes no {EVOLUTIONS}/{METHOD}")
    for run in runs:
        yield _measured(run, SIZE, "nodes", run.size, 1)
        yield _measured(run, TRAINING, METRIC, run.fitness, run.architectures)
        yield _measured(run, HELD_OUT, METRIC, run.held_out, run.held_out_architectures)


def _measured(run: Run, column: str, metric: str, value: float, n: int) -> Measured:
    problems = ", ".join(
        f"{problem} ({EMBEDDED})" if problem.is_embedded else str(problem) for problem in run.problems
    )
    # A formula can be constant on the held-out architectures; its correlation is then undefined.
    undefined = ("undefined",) if math.isnan(value) else ()
    return Measured(
        row=run.label,
        column=column,
        metric=metric,
        value=float(value),
        n=n,
        population=f"{column} architectures, {problems}" if column != SIZE else problems,
        notes=(run.formula, *undefined),
        seeds=1,
        cites=citations.of_problems(run.problems),
    )


TABLE = Table(
    paper="SRGP",
    title="SRGP: every run of the evolution",
    caption=(
        "One row per run: nodes of the formula, and Kendall's tau (the mean over the training set's "
        "problems) on the architectures that it was evolved on and on those held out. "
        f"In the formulas {definitions(FUNCTIONS, RELEASED_UNITS)}."
    ),
    measure=measure,
    note_column="formula",
)

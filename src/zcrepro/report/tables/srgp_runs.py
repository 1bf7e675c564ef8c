"""Every run of the evolution, and their summary: formula, size, fitness on seen and unseen architectures."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.problems.problem import EMBEDDED
from zcrepro.report import _formulas, _wins
from zcrepro.report._base import Table
from zcrepro.report._formulas import METRIC, Formulas
from zcrepro.report._not_made import not_made
from zcrepro.report._runs import EVOLUTIONS, Run, fittest, read_runs
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, absent

READS = ("generalization/srgp", "evolved/srgp/*")

METHOD = "srgp"

SIZE, TRAINING, HELD_OUT = "size", "training", "held out"
METRICS = {SIZE: "nodes", TRAINING: METRIC, HELD_OUT: METRIC}
"""The columns of every run, with their metrics."""

FRACTIONS = ("mean", "sd")
"""The statistics that are not whole numbers even if the values are."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield a summary per training set, then one row per run: size, Kendall's tau, and wins.

    The note of a run is its formula.
    """
    runs = read_runs(context.inputs, METHOD)
    if not runs:
        yield absent("evolved", TRAINING, METRIC, "", not_made(f"{EVOLUTIONS}/{METHOD}"))
    formulas = _formulas.read_formulas(context.inputs, METHOD)
    for training_set in dict.fromkeys(run.training_set for run in runs):
        of_set = [run for run in runs if run.training_set == training_set]
        yield from _summary(of_set)
        if formulas:
            yield from _summary_of_wins(of_set, formulas)
    for run in runs:
        yield from _of_run(run, runs, formulas)


def _summary(runs: Sequence[Run]) -> Iterator[Measured]:
    """Yield statistics over the runs of one training set."""
    problems = _problems(runs[0])
    for name in METRICS:
        for statistic, value in _statistics([_values(run)[name] for run in runs]).items():
            yield Measured(
                row=_heading(runs),
                column=name,
                metric=METRIC if statistic in FRACTIONS else METRICS[name],
                value=value,
                n=len(runs),
                population=f"{name} architectures, {problems}" if name != SIZE else problems,
                series=statistic,
                seeds=len(runs),
                cites=runs[0].cites,
            )


def _summary_of_wins(runs: Sequence[Run], formulas: Formulas) -> Iterator[Measured]:
    """Yield statistics over the wins of the runs of one training set."""
    for metric, column in _wins.OVER.items():
        won = _wins.won_by_run(formulas, runs[0].training_set, metric)
        for statistic, value in _statistics(list(won)).items():
            yield Measured(
                row=_heading(runs),
                column=column,
                metric=METRIC if statistic in FRACTIONS else _wins.METRIC,
                value=value,
                n=len(formulas.problems),
                population="problems",
                series=statistic,
                seeds=len(won),
                cites=formulas.cites(*formulas.problems),
            )


def _heading(runs: Sequence[Run]) -> str:
    return f"{runs[0].training_set}, {len(runs)} runs"


def _statistics(values: Sequence[float]) -> Mapping[str, float]:
    """Return the statistics of a summary. If two values are in the middle, the median is the lower one."""
    known = np.array([value for value in values if not math.isnan(value)], np.float64)
    if not len(known):
        return {}
    return {
        "median": float(np.quantile(known, 0.5, method="lower")),
        "mean": float(known.mean()),
        "sd": float(known.std(ddof=1)) if len(known) > 1 else math.nan,
        "lowest": float(known.min()),
        "highest": float(known.max()),
    }


def _of_run(run: Run, runs: Sequence[Run], formulas: Formulas | None) -> Iterator[Measured]:
    best = run is fittest(runs, run.training_set)
    label = f"{run.label}, the fittest" if best else run.label
    for name, value in _values(run).items():
        # A formula can be constant on the held-out architectures; its correlation is then undefined.
        undefined = ("undefined",) if math.isnan(value) else ()
        problems = _problems(run)
        yield Measured(
            row=label,
            column=name,
            metric=METRICS[name],
            value=value,
            n={SIZE: 1, TRAINING: run.architectures, HELD_OUT: run.held_out_architectures}[name],
            population=f"{name} architectures, {problems}" if name != SIZE else problems,
            notes=(run.formula, *undefined),
            seeds=1,
            cites=run.cites,
        )
    if formulas:
        leads = _wins.leads_of_run(formulas, run.training_set, run.repeat)
        yield from _wins.of_one(formulas, label, leads, (run.formula,))


def _values(run: Run) -> dict[str, float]:
    return {SIZE: float(run.size), TRAINING: run.fitness, HELD_OUT: run.held_out}


def _problems(run: Run) -> str:
    return ", ".join(
        f"{problem} ({EMBEDDED})" if problem.is_embedded else str(problem) for problem in run.problems
    )


TABLE = Table(
    paper="SRGP",
    title="SRGP: every run of the evolution",
    caption=(
        "First a summary per training set, then one row per run: nodes of the formula; Kendall's tau (the "
        "mean over the training set's problems, with the accuracy that evolution uses) on the architectures "
        f"that it was evolved on and on those held out; and its wins. {_wins.OF_ONE} {_wins.RIVALS} "
        "In the formulas, each name stands for the standardised score of a proxy, and "
        f"{'; '.join(function.definition for function in FUNCTIONS.values())}. "
        "The file of a formula holds the means and deviations, and writes it out in full."
    ),
    measure=measure,
    note_column="formula",
)

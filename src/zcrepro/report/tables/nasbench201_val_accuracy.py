"""What NASLib calls the validation accuracy of NAS-Bench-201, beside validation and test accuracies."""

from collections.abc import Iterator

import pandas as pd

from zcrepro.problems.accuracies import NASLIB, REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.report import citations
from zcrepro.report._base import Table
from zcrepro.report.context import Context
from zcrepro.report.entry import ALL, OTHER_TARGET, Measured, absent, stated

READS = ("accuracies/nasbench201",)

TASKS = ("cifar10", "cifar100", "ImageNet16-120")

METRIC = "equal values in percent"

ROUNDING = 1e-6
"""Largest difference, in percent, of equal accuracies: some were written in single precision."""

HALF = "NASLib has networks that were trained on half of the training set, the test accuracies are of others"


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per task and kind of accuracy; a missing input is an entry that says so."""
    missing = context.inputs.missing(*READS)
    for task in TASKS:
        for metric in REPORTING:
            if missing:
                yield absent(task, _column(metric), METRIC, "", missing)
            else:
                yield from _equal(context.inputs.frame(*READS), task, metric)


def _equal(table: pd.DataFrame, task: str, metric: str) -> Iterator[Measured]:
    """Yield the percentage of equal values: of the architectures that were trained once, and of all."""
    theirs, known = (_of(table, task, kind) for kind in (NASLIB, metric))
    both = theirs.merge(known, on="arch", suffixes=("", "_known"))
    if both.empty:
        lacking = f"accuracies/nasbench201 has no {NASLIB if theirs.empty else metric} of {task}"
        yield absent(task, _column(metric), METRIC, "", lacking)
        return
    equal = (both["accuracy"] - both["accuracy_known"]).abs() <= ROUNDING
    once = both["arch"].isin(_trained_once(table))
    yield _entry(task, metric, ", trained once", equal[once], "architectures that were trained once")
    yield _entry(task, metric, "", equal, "all architectures")


def _of(table: pd.DataFrame, task: str, metric: str) -> pd.DataFrame:
    return table.loc[(table["task"] == task) & (table["metric"] == metric), ["arch", "accuracy"]]


def _trained_once(table: pd.DataFrame) -> pd.Series:
    """Return the architectures with one seed. Their number was published for CIFAR-10 alone."""
    return table.loc[(table["metric"] == "test") & (table["seeds"] == 1), "arch"]


def _entry(task: str, metric: str, which: str, equal: pd.Series, population: str) -> Measured:
    of_other_networks = (task, metric) == ("cifar10", "test")
    problem = Problem("nasbench201", task)
    return Measured(
        task,
        f"{_column(metric)}{which}",
        METRIC,
        100 * float(equal.mean()),
        len(equal),
        population,
        notes=stated([HALF if of_other_networks else ""]),
        relation=OTHER_TARGET if of_other_networks else ALL,
        problem=str(problem),
        cites=citations.of_problems([problem]),
    )


def _column(metric: str) -> str:
    return f"equal to the {metric} accuracy"


TABLE = Table(
    paper="zcrepro",
    title="What NASLib calls the validation accuracy of NAS-Bench-201",
    caption=(
        "Of how many architectures, in percent, val_accuracy in NASLib's files equals the test accuracy, "
        "and the validation accuracy, of the benchmark. These are means over one to three trainings, and "
        "val_accuracy is of one: it must equal the right kind of accuracy where a network was trained once. "
        "Nothing in this repository is chosen or judged by it."
    ),
    measure=measure,
)

"""The table of EZNAS (Akhauri et al., NeurIPS 2022) on the size search space of NATS-Bench."""

from collections.abc import Iterator

from zcrepro.problems.problem import Problem
from zcrepro.report import _eznas
from zcrepro.report._base import Table
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured

READS = ("features/natsbench_sss/*", "accuracies/{space}")

NAME = "eznas_sss"

SPACE = "natsbench_sss"
TASKS = ("cifar10", "cifar100", "ImageNet16-120")

METHODS = {"EZNAS-A": _eznas.EZNAS_A, "NASWOT": _eznas.NASWOT}


def measure(context: Context) -> Iterator[Measured]:
    """Return the entries of each row on the three data sets; a missing input is an entry that says so."""
    return _eznas.measure_each(context, NAME, METHODS, {task: Problem(SPACE, task) for task in TASKS})


TABLE = Table(
    paper="EZNAS",
    title="EZNAS on the size search space of NATS-Bench",
    caption=(
        "Rank correlation of each score with test accuracy after 90 epochs. The accuracies are in the "
        "official archive of NATS-Bench, not among the pinned files."
    ),
    measure=measure,
)

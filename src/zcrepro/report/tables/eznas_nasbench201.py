"""The NAS-Bench-201 tables of EZNAS (Akhauri et al., NeurIPS 2022): Kendall's tau and Spearman's rho.

The scores are our own, on images of CIFAR-10 for all three data sets.
"""

from collections.abc import Iterator

from zcrepro.problems.problem import Problem
from zcrepro.report import _eznas, _zcp
from zcrepro.report._base import Table
from zcrepro.report._eznas import Method, Place
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, stated

READS = ("accuracies/nasbench201", "features/nasbench201/cifar10")

NAME = "eznas_nasbench201"

SPACE = "nasbench201"
TASKS = ("cifar10", "cifar100", "ImageNet16-120")
ON_CIFAR10, IMAGES = Problem(SPACE, "cifar10"), "CIFAR-10"

QUOTED = (
    "the paper quotes the absolute value that Table 1 of ZCP prints",
    _zcp.PLAIN_NETWORKS,
)

NO_SUPERNET = "the weights of trained supernets, which AngleNAS compares with initial ones"

METHODS = {
    "EZNAS-A": _eznas.EZNAS_A,
    "EZNAS-A, with validation accuracy": Method("eznas_a", "validation"),
    "EZNAS-A of the weight gradient on noise": Method("eznas_a_wtgradnoise"),
    "EZNAS-A of the weight gradient on data": Method("eznas_a_wtgraddata"),
    "NASWOT": _eznas.NASWOT,
    "AngleNAS": None,
    "FLOPs": _eznas.FLOPS,
    "Params": _eznas.PARAMS,
} | {
    row: Method(_zcp.PROXIES[row], notes=stated([*QUOTED, _zcp.NOTES.get(row, "")]))
    for row in ("synflow", "jacob_cov", "grad_norm", "snip", "grasp", "fisher")
}
"""The rows; None if the score needs what is not published."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield the entries of each row on the three data sets; a missing input is an entry that says so."""
    for row, method in METHODS.items():
        for task in TASKS:
            problem = Problem(SPACE, task)
            images = "" if problem == ON_CIFAR10 else IMAGES
            place = Place(task, problem, f"features/{ON_CIFAR10}", images)
            if method is None:
                yield from _eznas.missing(row, place, NO_SUPERNET)
            else:
                yield from _eznas.measure(context, NAME, row, method, place)


TABLE = Table(
    paper="EZNAS",
    title="EZNAS on NAS-Bench-201",
    caption=(
        "Rank correlation of each score with test accuracy, and of EZNAS-A with validation accuracy too: "
        "the authors' code correlates with the mean validation accuracy of three trainings, and their re-run "
        "of it is compared with that row. EZNAS-A is the program of the released code, which reads the "
        "gradient with respect to the input of each ReLU. The paper prints that it reads the gradient of the "
        "weight on noise, and a later implementation reads that on data. All scores are our own, on images "
        "of CIFAR-10."
    ),
    measure=measure,
)

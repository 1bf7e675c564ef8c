"""The published programs of EZNAS on other numbers of images, and on noise in place of images."""

from collections.abc import Iterator
from dataclasses import replace

from zcrepro.problems.problem import Problem
from zcrepro.report._base import Table
from zcrepro.report._beside_params import METRIC, Beside, beside
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, absent
from zcrepro.report.tables.eznas_programs import PROGRAMS

PROBLEM = Problem("nasbench201", "cifar10")

CONDITIONS = {"1 image": "images-1", "16 images": "images-16", "64 images": "images-64", "noise": "noise"}
"""The variants of features by the headings of their columns."""

READS = (
    "features-images-1/nasbench201/cifar10",
    "features-images-16/nasbench201/cifar10",
    "features-images-64/nasbench201/cifar10",
    "features-noise/nasbench201/cifar10",
    "accuracies/nasbench201",
)

NAME = "eznas_conditions"


def measure(context: Context) -> Iterator[Measured]:
    """Yield a row per program; a missing input is an entry that says so."""
    for program in PROGRAMS:
        for column, variant in CONDITIONS.items():
            found = _scored(context, program, f"features-{variant}")
            if isinstance(found, str):
                yield absent(program, column, METRIC, "", found)
            else:
                yield found.correlation(program, column, program)


def _scored(context: Context, program: str, folder: str) -> Beside | str:
    missing = context.inputs.missing(f"{folder}/{PROBLEM}", f"accuracies/{PROBLEM.space}")
    found = missing or beside(context, NAME, PROBLEM, program, (), folder=folder)
    if isinstance(found, str):
        return found
    return replace(found, notes=(*found.notes, f"architectures without a score: {len(found.rows.left_out)}"))


TABLE = Table(
    paper="zcrepro",
    title="EZNAS's programs on other images",
    caption=(
        "Kendall's tau with test accuracy of each published program on 500 architectures of NAS-Bench-201, "
        "whose layer statistics are taken on 1, 16 or 64 images of CIFAR-10, or on 16 images of standard "
        "normal noise. Intervals are bootstrap intervals over architectures, on the same resamples."
    ),
    measure=measure,
)

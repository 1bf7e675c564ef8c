"""The CIFAR-10 table of EZNAS (Akhauri et al., NeurIPS 2022) on the design spaces of NDS."""

from collections.abc import Iterator

from zcrepro.problems.problem import Problem
from zcrepro.report import _eznas, _zcp
from zcrepro.report._base import Table
from zcrepro.report._eznas import Method
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured

READS = ("features/nds_*", "accuracies/{space}")

NAME = "eznas_nds"

SPACES = {
    "DARTS": "nds_darts",
    "Amoeba": "nds_amoeba",
    "ENAS": "nds_enas",
    "PNAS": "nds_pnas",
    "NASNet": "nds_nasnet",
}
TASK = "cifar10"

METHODS = {
    "EZNAS-A": _eznas.EZNAS_A,
    "NASWOT": _eznas.NASWOT,
    "FLOPs": _eznas.FLOPS,
    "Params": _eznas.PARAMS,
    "grad_norm": Method(_zcp.PROXIES["grad_norm"]),
    "synflow": Method(_zcp.PROXIES["synflow"]),
}


def measure(context: Context) -> Iterator[Measured]:
    """Return the entries of each row on the five spaces; a missing input is an entry that says so."""
    problems = {label: Problem(space, TASK) for label, space in SPACES.items()}
    return _eznas.measure_each(context, NAME, METHODS, problems)


TABLE = Table(
    paper="EZNAS",
    title="EZNAS on the design spaces of NDS, CIFAR-10",
    caption=(
        "Rank correlation of each score with test accuracy after the last epoch. The accuracies are in the "
        "official archive of NDS, not among the pinned files."
    ),
    measure=measure,
)

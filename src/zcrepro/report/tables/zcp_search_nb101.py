"""Search on NAS-Bench-101 with and without a proxy's help: the best model after a number of trainings."""

from collections.abc import Iterator

from zcrepro.report._after import after
from zcrepro.report._base import Table
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, absent

READS = ("search/zcp_nasbench101/*",)

ASR = "NAS-Bench-ASR, whose accuracies no pinned file has and whose networks are not built here"


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per method: the mean accuracy after numbers of trained models."""
    yield from after(context, "search/zcp_nasbench101", {})
    yield absent("NAS-Bench-ASR", "10 models", "best test accuracy", "", ASR)


TABLE = Table(
    paper="ZCP",
    title="Search on NAS-Bench-101",
    caption=(
        "Accuracy in percent of the best model so far: mean over the repeats of the search, with Student's t "
        "interval. Of NAS-Bench-101's 423,624 cells, the accuracies of 30,267 are in the pinned files, and "
        "only these are searched: a neighbour is a cell one edit away, or one of the eight nearest if fewer "
        "than eight of them are known. There is no test accuracy, so validation accuracy chooses and "
        "reports, which favours every search alike. The official file has all cells and test accuracies."
    ),
    measure=measure,
)

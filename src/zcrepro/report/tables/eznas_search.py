"""Evolution with a program of EZNAS as its only objective: what it ends on, beside hand-crafted proxies."""

from collections.abc import Iterator

from zcrepro.programs.published import PUBLISHED
from zcrepro.report._base import Table
from zcrepro.report._ends import ends
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured

READS = ("search/eznas/*",)


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per score and problem: the accuracy of what a search ends on, and its regret."""
    yield from ends(context, "search/eznas", evolved=tuple(PUBLISHED))


TABLE = Table(
    paper="EZNAS",
    title="Search by a program alone",
    caption=(
        "Accuracy in percent of the architecture of the best score that an evolution finds whose only "
        "objective is a published program or a hand-crafted proxy, and how far that is below the highest "
        "accuracy of all architectures. Regularized evolution, as in the table of formulas: 3,000 scores, a "
        "population of 64 and tournaments of 10 unless the run says otherwise. Means over the searches, with "
        "Student's t intervals."
    ),
    measure=measure,
)

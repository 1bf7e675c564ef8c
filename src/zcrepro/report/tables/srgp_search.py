"""Evolution with a proxy as its only objective: what it ends on, for evolved and hand-crafted proxies.

Phan and Luong (2025) search so. Their algorithm and their figures are not published.
"""

from collections.abc import Iterator

from zcrepro.report._base import Table
from zcrepro.report._ends import ACCURACY, ends
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, absent

READS = ("search/srgp/*",)

UNREACHED = {
    "Once-for-All": "a supernet and its accuracy predictor, which no pinned file has",
    "trained accuracies of what the search finds": "trainings of 600 epochs, for which no CPU suffices",
}
"""Experiments of the paper that need what is not there."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per proxy and problem: the accuracy of what a search ends on, and its regret."""
    yield from ends(context, "search/srgp")
    for what, why in UNREACHED.items():
        yield absent(what, ACCURACY, ACCURACY, "", why)


TABLE = Table(
    paper="SRGP",
    title="Search by a proxy alone",
    caption=(
        "Accuracy in percent of the architecture of the best score that an evolution finds whose only "
        "objective is the score, and how far that is below the highest accuracy of all architectures. The "
        "formula is the one of its training set with the best training fitness. The paper names no "
        "algorithm: this is regularized evolution, 3,000 scores, a population of 64 and tournaments of 10 "
        "unless the run says otherwise. Means over the searches, with Student's t intervals."
    ),
    measure=measure,
)

"""Evolution with a proxy as its only objective: what it ends on, for evolved and hand-crafted proxies.

Phan and Luong (2025) search so. Their algorithm and their figures are not published.
"""

from collections.abc import Iterator

from zcrepro.report import _searches, citations
from zcrepro.report._base import Table
from zcrepro.report._populations import embedded_note
from zcrepro.report._searches import Curves
from zcrepro.report.context import Context
from zcrepro.report.entry import ALL, EVOLVED, HANDCRAFTED, RUNS, Measured, absent, stated

READS = ("search/srgp/*",)

FOLDER = "search/srgp"

FORMULA = "evolved"
"""The guide that is an evolved formula, as the search calls it."""

UNREACHED = {
    "Once-for-All": "a supernet and its accuracy predictor, which no pinned file has",
    "trained accuracies of what the search finds": "trainings of 600 epochs, for which no CPU suffices",
}
"""Experiments of the paper that need what is not there."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per proxy and problem: the accuracy of what a search ends on, and its regret."""
    found = list(_searches.curves(context.inputs, FOLDER))
    if not found:
        yield absent("search", "accuracy", "accuracy", "", f"the run makes no {FOLDER}/")
    for curves in found:
        yield _accuracy(curves, context)
        yield _regret(curves, context)
    for what, why in UNREACHED.items():
        yield absent(what, "accuracy", "accuracy", "", why)


def _accuracy(curves: Curves, context: Context) -> Measured:
    ends = curves.accuracy[:, -1]
    return _entry(
        curves, "accuracy", f"{curves.metric} accuracy", float(ends.mean()), context.student_t(ends)
    )


def _regret(curves: Curves, context: Context) -> Measured:
    regrets = curves.highest - curves.accuracy[:, -1]
    interval = context.student_t(regrets)
    return _entry(curves, "regret", f"regret of {curves.metric} accuracy", float(regrets.mean()), interval)


def _entry(curves: Curves, column: str, metric: str, value: float, interval: tuple[float, float]) -> Measured:
    name = "formula" if curves.guide == FORMULA else curves.guide
    return Measured(
        row=name,
        column=f"{curves.problem}, {column}",
        metric=metric,
        value=value,
        n=curves.domain,
        population=f"the {curves.domain:,} architectures with accuracies and every score",
        notes=stated(_notes(curves)),
        interval=interval,
        interval_kind=RUNS,
        seeds=len(curves.accuracy),
        relation=ALL,
        problem=str(curves.problem),
        role=EVOLVED if curves.guide == FORMULA else HANDCRAFTED,
        name=name,
        cites=citations.of_problems([curves.problem]),
    )


def _notes(curves: Curves) -> Iterator[str]:
    yield f"mean over {len(curves.accuracy)} searches"
    if curves.metric == "validation":
        yield "the benchmark has validation accuracy only"
    if curves.labels:
        yield f"evolved on {curves.labels} accuracies of this space"
    yield embedded_note(curves.problem)


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

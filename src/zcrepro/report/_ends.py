"""Entries of searches whose only objective is a score: the accuracy of what they end on, and its regret."""

from collections.abc import Iterator

from zcrepro.report import _searches, citations
from zcrepro.report._not_made import not_made
from zcrepro.report._populations import embedded_note
from zcrepro.report._searches import Curves
from zcrepro.report.context import Context
from zcrepro.report.entry import ALL, EVOLVED, HANDCRAFTED, RUNS, Measured, absent, stated

EVOLVED_GUIDE = "evolved"
"""The guide that is an evolved formula, as the search calls it."""

FORMULA = "formula"
"""The row of an evolved formula."""

ACCURACY = "accuracy"


def ends(context: Context, folder: str, *, evolved: tuple[str, ...] = ()) -> Iterator[Measured]:
    """Yield entries per guide and problem of the searches below ``folder``.

    ``evolved`` are further guides that are evolved ones.
    """
    found = list(_searches.curves(context.inputs, folder))
    if not found:
        yield absent("search", ACCURACY, ACCURACY, "", not_made(f"{folder}/"))
    for curves in found:
        yield _accuracy(curves, context, evolved)
        yield _regret(curves, context, evolved)


def _accuracy(curves: Curves, context: Context, evolved: tuple[str, ...]) -> Measured:
    ends = curves.accuracy[:, -1]
    interval = context.student_t(ends)
    return _entry(curves, ACCURACY, f"{curves.metric} accuracy", float(ends.mean()), interval, evolved)


def _regret(curves: Curves, context: Context, evolved: tuple[str, ...]) -> Measured:
    regrets = curves.highest - curves.accuracy[:, -1]
    interval = context.student_t(regrets)
    metric = f"regret of {curves.metric} accuracy"
    return _entry(curves, "regret", metric, float(regrets.mean()), interval, evolved)


def _entry(
    curves: Curves,
    column: str,
    metric: str,
    value: float,
    interval: tuple[float, float],
    evolved: tuple[str, ...],
) -> Measured:
    name = FORMULA if curves.guide == EVOLVED_GUIDE else curves.guide
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
        role=EVOLVED if curves.guide in (EVOLVED_GUIDE, *evolved) else HANDCRAFTED,
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

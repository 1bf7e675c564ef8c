"""What a search costs: the models that it trains to come close to the best accuracy."""

from collections.abc import Iterator

import numpy as np

from zcrepro.report import _searches, citations
from zcrepro.report._base import Table
from zcrepro.report._populations import embedded_note
from zcrepro.report._searches import SEARCHES, Curves
from zcrepro.report.context import Context
from zcrepro.report.entry import ALL, QUARTILES, RESAMPLED_RUNS, SEARCH, Measured, absent, stated

READS = ("search/zcp*",)

BELOW = (2.0, 1.0, 0.5)
"""How far below the highest accuracy the best model may be, in percentage points."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per problem and method: models to reach accuracies, and what a guide saves."""
    found = list(_searches.curves(context.inputs))
    if not found:
        yield absent("search", _column(BELOW[0]), "models", "", f"the run makes no {SEARCHES}/")
    plain = {(each.problem, each.algorithm): each for each in found if each.guide == "none"}
    for curves in found:
        for below in BELOW:
            yield _models(curves, below)
            without = plain.get((curves.problem, curves.algorithm))
            if without is not None and without is not curves:
                yield _speedup(curves, without, below, context)


def _column(below: float) -> str:
    return f"models to {below:g} below"


def _models(curves: Curves, below: float) -> Measured:
    models = curves.models_to(curves.highest - below)
    value = _median(models)
    low, high = np.quantile(models, [0.25, 0.75], method="inverted_cdf")
    known = np.isfinite([low, value, high]).all()
    return Measured(
        row=f"{curves.problem} {curves.method}",
        column=_column(below),
        metric="median of models",
        value=value if np.isfinite(value) else np.nan,
        n=curves.domain,
        population="searches of one budget",
        notes=stated(_notes(curves, models)),
        interval=(float(low), float(high)) if known else (np.nan, np.nan),
        interval_kind=QUARTILES if known else "",
        seeds=len(models),
        relation=ALL,
        problem=str(curves.problem),
        role=SEARCH,
        name=curves.method,
        cites=citations.of_problems([curves.problem]),
    )


def _median(models: np.ndarray) -> float:
    """Return the smallest number of models with which at least half of the searches arrive."""
    return float(np.quantile(models, 0.5, method="inverted_cdf"))


def _notes(curves: Curves, models: np.ndarray) -> Iterator[str]:
    censored = int(np.isinf(models).sum())
    if censored:
        yield f"not reached with {curves.budget} models by {censored} of {len(models)} searches"
    yield embedded_note(curves.problem)


def _speedup(curves: Curves, plain: Curves, below: float, context: Context) -> Measured:
    """Return how many times as many models the plain search trains, with its interval over the repeats.

    A search that does not arrive counts as one more model than the budget, so that the ratio is a lower bound
    if the plain search does not arrive.
    """
    helped, without = (
        np.minimum(each.models_to(curves.highest - below), each.budget + 1) for each in (curves, plain)
    )
    rng = context.rng("zcp_search_cost", str(curves.problem), curves.method, str(below))
    drawn = [
        _median(rng.choice(without, len(without))) / _median(rng.choice(helped, len(helped)))
        for _ in range(context.resamples)
    ]
    value = _median(without) / _median(helped)
    tail = (1 - context.level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    bound = (
        f"at least: the median plain search does not arrive with {plain.budget} models"
        if _median(without) > plain.budget
        else ""
    )
    return Measured(
        row=f"{curves.problem} {curves.method}",
        column=f"speed-up to {below:g} below",
        metric="ratio of medians",
        value=value,
        n=curves.domain,
        population="searches of one budget",
        notes=stated([bound, embedded_note(curves.problem)]),
        interval=(min(float(low), value), max(float(high), value)),
        interval_kind=RESAMPLED_RUNS,
        seeds=len(helped),
        relation=ALL,
        problem=str(curves.problem),
        role=SEARCH,
        name=curves.method,
        cites=citations.of_problems([curves.problem]),
    )


TABLE = Table(
    paper="zcrepro",
    title="Search: what a proxy's help saves",
    caption=(
        "Number of models that a search trains until the accuracy of its best model, which validation "
        "accuracy chooses, is at most 2, 1 or 0.5 percentage points below the highest accuracy of all "
        "architectures: median and quartiles over the searches. The speed-up is the ratio of the plain "
        "search's median to that of the method, with a bootstrap interval over the searches."
    ),
    measure=measure,
)

"""What a search costs: the models that it trains to come close to the best accuracy."""

from collections.abc import Iterator

import numpy as np

from zcrepro.report import _searches, citations
from zcrepro.report._base import Table
from zcrepro.report._not_made import not_made
from zcrepro.report._populations import embedded_note
from zcrepro.report._searches import SEARCHES, Curves
from zcrepro.report.context import Context
from zcrepro.report.entry import ALL, QUARTILES, RESAMPLED_RUNS, SEARCH, UNDEFINED, Measured, absent, stated

READS = ("search/zcp/*", "search/zcp_predictors/*", "search/zcp_nasbench101/*")

BELOW = (2.0, 1.0, 0.5)
"""How far below the highest accuracy the best model may be, in percentage points."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per problem and method: models to reach accuracies, and what a guide saves."""
    found = list(_searches.curves(context.inputs))
    if not found:
        yield absent("search", _column(BELOW[0]), "models", "", not_made(f"{SEARCHES}/"))
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
    interval = (float(low), float(high)) if np.isfinite([low, value, high]).all() else UNDEFINED
    censored = int(np.isinf(models).sum())
    note = (
        f"not reached with {curves.budget} models by {censored} of {len(models)} searches" if censored else ""
    )
    shown = value if np.isfinite(value) else np.nan
    return _entry(curves, _column(below), "median of models", shown, interval, QUARTILES, note)


def _median(models: np.ndarray) -> float:
    """Return the smallest number of models with which at least half of the searches arrive."""
    return float(np.quantile(models, 0.5, method="inverted_cdf"))


def _speedup(curves: Curves, plain: Curves, below: float, context: Context) -> Measured:
    """Return how many times as many models the plain search trains, with its interval over the repeats.

    A plain search that does not arrive counts as one model more than the budget, and one with a guide as
    infinitely many, so that the ratio is never too large. It is undefined if the median search with a guide
    does not arrive.
    """
    column, metric = f"speed-up to {below:g} below", "ratio of medians"
    helped = curves.models_to(curves.highest - below)
    without = np.minimum(plain.models_to(plain.highest - below), plain.budget + 1)
    if np.isinf(_median(helped)):
        note = f"the median search with the guide does not arrive with {curves.budget} models"
        return _entry(curves, column, metric, np.nan, UNDEFINED, RESAMPLED_RUNS, note)
    rng = context.rng("zcp_search_cost", str(curves.problem), curves.method, str(below))
    drawn = [
        _median(rng.choice(without, len(without))) / _median(rng.choice(helped, len(helped)))
        for _ in range(context.resamples)
    ]
    value = _median(without) / _median(helped)
    tail = (1 - context.level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    interval = min(float(low), value), max(float(high), value)
    censored = _median(without) > plain.budget
    note = f"at least: the median plain search does not arrive with {plain.budget} models" if censored else ""
    return _entry(curves, column, metric, value, interval, RESAMPLED_RUNS, note)


def _entry(
    curves: Curves,
    column: str,
    metric: str,
    value: float,
    interval: tuple[float, float],
    kind: str,
    note: str,
) -> Measured:
    return Measured(
        row=f"{curves.problem} {curves.method}",
        column=column,
        metric=metric,
        value=value,
        n=curves.domain,
        population="searches of one budget",
        notes=stated([note, embedded_note(curves.problem)]),
        interval=interval,
        interval_kind="" if np.isnan(interval[0]) else kind,
        seeds=len(curves.accuracy),
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

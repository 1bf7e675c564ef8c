"""The verdict on a measured value beside a paper's.

In this order:

1. *missing input* if a file that the value needs is not there.
2. *no reference* if no paper gives a value for it.
3. *not comparable* if the architectures are not the paper's and not a random sample of them, or if the
   target or the images are others.
4. *reproduced* if the whole interval lies within the tolerance of the paper's value.
5. *differs* if the whole interval lies outside.
6. *undecided* otherwise, and if the interval is not known.

An interval over architectures (on a sample) or over initialisations (on a whole population) shrinks with the
square root of its number, which tells what number would decide. The tolerance is widened by the sampling
error of the paper's own value if that is from fewer than FEW architectures.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from zcrepro.ranking.intervals import kendall_error, normal_quantile, spearman_error
from zcrepro.report.entry import (
    ALL,
    ARCHITECTURES,
    INITIALISATIONS,
    OTHER_IMAGES,
    OTHER_POPULATION,
    OTHER_TARGET,
    ROUNDING,
    Measured,
    Reference,
    stated,
)

REPRODUCED, DIFFERS, UNDECIDED = "reproduced", "differs", "undecided"
NOT_COMPARABLE, NO_REFERENCE, MISSING = "not comparable", "no reference", "missing input"


@dataclass(frozen=True)
class Shown:
    """How a verdict is displayed: its mark as text and in LaTeX, and its explanation."""

    mark: str
    latex: str
    explanation: str


VERDICTS = {
    REPRODUCED: Shown("✓", r"$\surd$", "the whole interval lies within the tolerance of the paper's value"),
    DIFFERS: Shown("✗", r"$\times$", "the whole interval lies outside the tolerance of the paper's value"),
    UNDECIDED: Shown(
        "?",
        "?",
        "the interval lies partly within the tolerance, or is not known; the note says what would decide",
    ),
    NOT_COMPARABLE: Shown("~", r"$\sim$", "another population or target, or other images, than the paper's"),
    NO_REFERENCE: Shown("", "", "no paper gives a value for it"),
    MISSING: Shown("", "", "the run lacks a file that it needs"),
}
"""All verdicts; everything that names or explains them reads it here."""

FEW = 1000
"""The number of architectures below which the sampling error of a paper's value is added to the tolerance."""

ERRORS: dict[str, Callable[[float, int], float]] = {
    "kendall": kendall_error,
    "spearman": spearman_error,
    "abs_spearman": spearman_error,
    # A share p of concordant pairs is a Kendall correlation of 2p - 1.
    "pair_agreement": lambda share, n: kendall_error(2 * share - 1, n) / 2,
}
"""The standard error of a paper's value by metric, from the value and the number of architectures."""

OTHERS = {
    OTHER_POPULATION: "another population than the paper's",
    OTHER_TARGET: "another target than the paper's",
    OTHER_IMAGES: "other images than the paper's",
}


@dataclass(frozen=True)
class Judgement:
    """A verdict, and the notes that explain it."""

    verdict: str
    notes: tuple[str, ...] = ()


def judge(ours: Measured, reference: Reference | None, level: float) -> Judgement:
    """Return the verdict on a value; ``level`` is the coverage of its interval, for example 0.95."""
    if ours.missing:
        return Judgement(MISSING, (f"missing: {ours.missing}",))
    if reference is None:
        return Judgement(NO_REFERENCE)
    if ours.relation in OTHERS:
        return Judgement(NOT_COMPARABLE, (OTHERS[ours.relation],))
    tolerance = widened(reference, level)
    widening = ""
    if tolerance > reference.tolerance:
        widening = (
            f"the tolerance on {_named(reference)} is widened from {reference.tolerance:g} to "
            f"{tolerance:.2g} by the sampling error of the paper's n = {reference.n}"
        )
    verdict, remedy = _decide(ours, reference, tolerance)
    return Judgement(verdict, stated([remedy, widening]))


def widened(reference: Reference, level: float) -> float:
    """Return the tolerance, with the sampling error of a paper's value from few architectures added.

    The two are added in quadrature, the error at the ``level`` of the interval. Raises ValueError if the
    standard error of the metric is not known.
    """
    if reference.n is None or reference.n >= FEW:
        return reference.tolerance
    if reference.metric not in ERRORS:
        raise ValueError(
            f"row {reference.row!r}, column {reference.column!r}: the paper's n = {reference.n} is below "
            f"{FEW}, but the standard error of {reference.metric} is not known; there are {', '.join(ERRORS)}"
        )
    error = ERRORS[reference.metric](reference.value, reference.n)
    return math.hypot(reference.tolerance, normal_quantile(level) * error)


def _decide(ours: Measured, reference: Reference, tolerance: float) -> tuple[str, str]:
    """Return the verdict on a comparable value, and what would decide if nothing does."""
    against = f"undecided against {_named(reference)}"
    if math.isnan(ours.value):
        return UNDECIDED, f"{against}: the value is undefined"
    if not ours.has_interval:
        return UNDECIDED, f"{against}: {_unknown_spread(ours)}"
    low, high = ours.interval
    inner_low, inner_high = reference.value - tolerance, reference.value + tolerance
    if inner_low - ROUNDING <= low and high <= inner_high + ROUNDING:
        return REPRODUCED, ""
    if high < inner_low - ROUNDING or low > inner_high + ROUNDING:
        return DIFFERS, ""
    if min(abs(ours.value - inner_low), abs(ours.value - inner_high)) <= ROUNDING:
        return UNDECIDED, f"{against}: the value lies on the edge of the tolerance, so that no n decides"
    return UNDECIDED, f"{against}: {_remedy(ours, _factor(ours, inner_low, inner_high))}"


def _named(reference: Reference) -> str:
    return f"{reference.value:.3g} ({reference.kind})"


def _unknown_spread(ours: Measured) -> str:
    if ours.relation == ALL and ours.seeds == 1:
        one = ours.interval_kind.removesuffix("s") or "draw"
        return f"the spread of one {one} is not known, and a second {one} would tell"
    return "the interval is not known"


def _factor(ours: Measured, inner_low: float, inner_high: float) -> float:
    """Return the factor, in (0, 1), by which the interval would have to shrink around the value.

    A value within the tolerance needs both ends within, a value outside needs the nearer end outside.
    """
    below, above = ours.value - ours.interval[0], ours.interval[1] - ours.value
    if ours.value > inner_high:
        return (ours.value - inner_high) / below
    if ours.value < inner_low:
        return (inner_low - ours.value) / above
    slacks = (ours.value - inner_low, below), (inner_high - ours.value, above)
    return min(slack / half for slack, half in slacks if half > slack)


def _remedy(ours: Measured, factor: float) -> str:
    """Return a note with the number at which the interval would be narrow enough: h' = h sqrt(n / n')."""
    over_architectures = ours.interval_kind == ARCHITECTURES
    count = ours.n if over_architectures else ours.seeds or 1
    needed = _rounded_up(count / factor**2)
    if over_architectures and ours.total is not None and needed > ours.total:
        return (
            f"n = {needed:,} {ARCHITECTURES} would decide, but there are {ours.total:,}: "
            f"on all of them the interval is over {INITIALISATIONS}"
        )
    return f"n = {needed:,} {ours.interval_kind} would decide"


def _rounded_up(number: float) -> int:
    """Return the next integer of two significant digits: the estimate is no more exact."""
    unit = 10 ** max(0, math.floor(math.log10(number)) - 1)
    return math.ceil(number / unit - ROUNDING) * unit

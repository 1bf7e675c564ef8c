"""An entry of a table: a value that the run measured, or the value that a paper gives for it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from zcrepro.settings import unknown_name

ALL, SAMPLE, OTHER_POPULATION, OTHER_TARGET = "all", "sample", "other population", "other target"
OTHER_IMAGES = "other images"
RELATIONS = (ALL, SAMPLE, OTHER_POPULATION, OTHER_TARGET, OTHER_IMAGES)
"""What the architectures, the target and the scores of a value are to the paper's: the same architectures, a
random sample of them, other architectures, correlations with something else than the paper's accuracy, or
scores on another data set than the paper's."""

ARCHITECTURES, INITIALISATIONS, RUNS, SPLITS = "architectures", "initialisations", "runs", "splits"
PROBLEMS, EVERY_RUN = "problems", "every run"
QUARTILES, RESAMPLED_RUNS = "quartiles", "resampled runs"

INTERVAL_KINDS = {
    ARCHITECTURES: "bootstrap over distinct graphs, for a value on a sample of architectures",
    INITIALISATIONS: "Student's t over draws of initial weights and minibatch, for a value on all "
    "architectures of a population",
    RUNS: "Student's t over independent runs of an evolution or a search",
    SPLITS: "Student's t over random splits into training and held-out architectures, with the variance over "
    "resamples of the held-out graphs (except among the best tenth)",
    PROBLEMS: "from the problems on which the whole paired interval over architectures lies above 0 to all "
    "except those on which it lies below",
    QUARTILES: "from the first to the third quartile of independent runs, which is not a confidence interval",
    RESAMPLED_RUNS: "bootstrap over independent runs",
    EVERY_RUN: "the lowest and the highest value of a run, which is not a confidence interval",
}
"""What an interval ranges over, and how it is computed."""

HANDCRAFTED, EVOLVED, SEARCH = "hand-crafted", "evolved", "search"
"""Roles of an entry: the value of a hand-crafted proxy, of an evolved formula, or of a search."""

REFERENCES = ("notebook", "rerun", "printed")
"""Kinds of reference, the most exact first."""

UNDEFINED = (math.nan, math.nan)

ROUNDING = 1e-9
"""Allowance for binary rounding, so that .594 and .564 are within .03 of each other."""

SEPARATOR = "; "
"""Separates the notes of an entry in a file; a note does not contain it."""


@dataclass(frozen=True)
class Measured:
    """A value that the run measured.

    Parameters
    ----------
    row, column, metric
        The place in the table, and what was measured.
    value
        NaN if it is undefined or an input is missing.
    n
        The number of architectures that the value is computed from.
    population
        The architectures, in words.
    series
        Tells apart the lines of one row, for example ``released scores``.
    notes
        What a reader must know, one fact each.
    interval
        Low and high end; NaN if it is not known. It contains the value.
    interval_kind
        One of INTERVAL_KINDS; empty without an interval.
    seeds
        The number of draws, runs or splits behind the value; None if nothing is random.
    relation
        One of RELATIONS.
    total
        The number of architectures in the paper's population, if it is known and the value is of a sample.
    missing
        The input that is missing; then there is no value.
    problem
        The problem that the value is about, as text; empty if it is about several.
    role, name
        One of the roles, and how the proxy, formula or search is called in a summary.
    choice
        What the value is of, if that was chosen by a look at the value, such as the name of the best proxy
        of a problem. It is displayed in the cell.
    cites
        Keys of ``zcrepro.report.citations.SOURCES``: the data that the value is computed from.

    Raises
    ------
    ValueError
        If the interval excludes the value or is not of a known kind, the relation is not known, an interval
        over architectures is given for a whole population, or a note contains SEPARATOR.
    """

    row: str
    column: str
    metric: str
    value: float
    n: int
    population: str
    series: str = ""
    notes: tuple[str, ...] = ()
    interval: tuple[float, float] = UNDEFINED
    interval_kind: str = ""
    seeds: int | None = None
    relation: str = SAMPLE
    total: int | None = None
    missing: str = ""
    problem: str = ""
    role: str = ""
    name: str = ""
    choice: str = ""
    cites: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise ValueError(f"{self._place}: {unknown_name('relation', self.relation, RELATIONS)}")
        if any(SEPARATOR in note for note in self.notes):
            raise ValueError(f"{self._place}: a note contains the separator {SEPARATOR!r}: {self.notes}")
        if self.has_interval:
            self._check_interval()

    @property
    def has_interval(self) -> bool:
        return not any(math.isnan(end) for end in self.interval)

    @property
    def _place(self) -> str:
        return f"row {self.row!r}, column {self.column!r}"

    def _check_interval(self) -> None:
        low, high = self.interval
        slack = ROUNDING * max(1.0, abs(self.value))
        if not low - slack <= self.value <= high + slack:
            raise ValueError(f"{self._place}: the interval [{low}, {high}] excludes the value {self.value}")
        if self.interval_kind not in INTERVAL_KINDS:
            raise ValueError(
                f"{self._place}: {unknown_name('kind of interval', self.interval_kind, INTERVAL_KINDS)}"
            )
        if self.relation == ALL and self.interval_kind == ARCHITECTURES:
            raise ValueError(
                f"{self._place}: no architecture of a whole population is left to draw, so that its interval "
                "is over initialisations or runs, not over architectures"
            )


@dataclass(frozen=True)
class Reference:
    """The value that a paper gives for an entry.

    ``kind`` is one of REFERENCES. ``tolerance`` is the largest difference that still counts as reproduced,
    and ``reason`` says why. ``n`` is the number of architectures that the paper's value is computed from;
    None if it is not known or large.
    """

    row: str
    column: str
    metric: str
    kind: str
    value: float
    tolerance: float
    reason: str
    source: str
    n: int | None = None


def absent(row: str, column: str, metric: str, series: str, missing: str) -> Measured:
    """Return an entry without a value, since the input ``missing`` is not there."""
    population = "none" if series else ""
    return Measured(row, column, metric, math.nan, 0, population, series, missing=missing)


def stated(notes: Iterable[str]) -> tuple[str, ...]:
    """Return the notes that are not empty."""
    return tuple(note for note in notes if note)


def spread_note(draws: int, lowest: float, highest: float) -> str:
    """Return a note on the spread across draws, or an empty string if they are equal."""
    if lowest == highest or math.isnan(lowest):
        return ""
    return f"mean over {draws} draws of the scores, which range from {lowest:.3f} to {highest:.3f}"

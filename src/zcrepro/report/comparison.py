"""A figure of ours beside the paper's: the rows of every table, and the rule for the verdict.

The rule, in this order:

* ``missing input``: a file that the figure needs is not there; the value is NaN and the note names it.
* ``no reference``: no figure of a paper belongs to it.
* ``not comparable``: it is of another population than the paper's and no random sample of that one,
  or it is undefined. The two may still agree; then it is by chance.
* Ours is of a random sample of the paper's population: ``differs`` where the paper's figure lies
  outside the interval widened by the tolerance. Else ``reproduced`` if the interval is narrow, at
  most WIDE tolerances from end to end, and ``not comparable`` if it is wide or unknown: however near
  the two figures are, so small a sample can tell nothing.
* Ours is of the paper's own population: ``reproduced`` where the paper's figure is within the
  tolerance of ours, else ``differs``.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.files import csv
from zcrepro.settings import unknown_name

COLUMNS = (
    "paper",
    "table",
    "row",
    "column",
    "metric",
    "reference",
    "paper_value",
    "value",
    "ci_low",
    "ci_high",
    "interval_kind",
    "n",
    "population",
    "seeds",
    "tolerance",
    "verdict",
    "note",
)

NUMBERS = ("paper_value", "value", "ci_low", "ci_high", "tolerance")
COUNTS = ("n", "seeds")

REFERENCES = ("notebook", "rerun", "printed")
"""Kinds of reference, the most exact first."""

NONE = "none"

ALL, SAMPLE, OTHER = "all", "sample", "other"
"""What our population is of the paper's: all of it, a random sample, or another one."""

ARCHITECTURES, INITIALISATIONS = "architectures", "initialisations"

MISSING, NO_REFERENCE, NOT_COMPARABLE = "missing input", "no reference", "not comparable"
REPRODUCED, DIFFERS = "reproduced", "differs"
VERDICTS = (REPRODUCED, DIFFERS, NOT_COMPARABLE, NO_REFERENCE, MISSING)

WIDE = 4.0  # tolerances; a wider interval holds too many figures for one of them to be reproduced
ROUNDING = 1e-9  # so that .594 and .564 are within .03 of each other

UNDEFINED = (math.nan, math.nan)

SEPARATOR = "; "
"""Between the parts of a note, each of which stands for itself."""


@dataclass(frozen=True)
class Measured:
    """A figure of ours.

    ``population`` says what it was measured on; up to a colon, where there is one, it names the
    series that the figure belongs to, such as ``released scores``. ``note`` may be several,
    joined by SEPARATOR. ``relation`` is one of ALL,
    SAMPLE and OTHER. ``n`` counts what the figure is a figure of, ``seeds`` the random draws (of
    initial weights, or runs) behind each; None where there are none. ``missing`` names an input
    that is not there, and then there is no value.
    """

    row: str
    column: str
    metric: str
    value: float
    n: int
    population: str
    note: str = ""
    interval: tuple[float, float] = UNDEFINED
    interval_kind: str = ""
    seeds: int | None = None
    relation: str = ALL
    missing: str = ""


@dataclass(frozen=True)
class Reference:
    """A figure of a paper: ``kind`` is one of REFERENCES, ``tolerance`` how near ours must come, and why."""

    row: str
    column: str
    metric: str
    kind: str
    value: float
    tolerance: float
    reason: str
    source: str


def spread_note(draws: int, lowest: float, highest: float) -> str:
    """How far the draws lie apart that a figure is the mean of; nothing where they do not."""
    if lowest == highest or math.isnan(lowest):
        return ""
    return f"mean over {draws} draws of the scores, which range from {lowest:.3f} to {highest:.3f}"


def absent(row: str, column: str, metric: str, series: str, missing: str) -> Measured:
    """The figure that an input is missing for."""
    population = f"{series}: none" if series else ""
    return Measured(row, column, metric, math.nan, 0, population, missing=missing)


def verdict(ours: Measured, reference: Reference | None) -> str:
    """One of VERDICTS, by the rule at the head of this file."""
    if ours.missing:
        return MISSING
    if reference is None:
        return NO_REFERENCE
    if ours.relation == OTHER or math.isnan(ours.value):
        return NOT_COMPARABLE
    slack = reference.tolerance + ROUNDING
    low, high = ours.interval if ours.relation == SAMPLE else (ours.value, ours.value)
    if reference.value < low - slack or reference.value > high + slack:
        return DIFFERS
    return NOT_COMPARABLE if _is_wide(ours, reference) else REPRODUCED


def compare(
    paper: str, table: str, measured: Iterable[Measured], references: Sequence[Reference]
) -> pd.DataFrame:
    """The rows of a table: one for each figure and each reference to it, or one without reference.

    A reference that nothing was measured for gets a row as well, with a missing input. Raises
    ValueError where two rows are the same figure.
    """
    figures = list(measured)
    known = {_key(figure) for figure in figures}
    unmeasured = {_key(ref): ref for ref in references if _key(ref) not in known}
    figures += [absent(*key, "", f"{table} measures nothing for it") for key in unmeasured]
    rows = [_row(paper, table, *pair) for figure in figures for pair in _pairs(figure, references)]
    frame = pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COUNTS, "Int64"))
    repeated = frame.duplicated(["row", "column", "metric", "reference", "population"])
    if repeated.any():
        raise ValueError(f"{table}: a figure stands twice: {frame[repeated].iloc[0].to_dict()}")
    return frame


def read_references(path: Path, table: str) -> list[Reference]:
    """The references of ``table`` in a CSV of ``resources/papers``. Raises ValueError for an unknown kind."""
    frame = csv.read_csv(path)
    found = [
        Reference(
            row=line["row"],
            column=line["column"],
            metric=line["metric"],
            kind=line["reference"],
            value=float(line["paper_value"]),
            tolerance=float(line["tolerance"]),
            reason=line["tolerance_reason"],
            source=line["source"],
        )
        for line in frame[frame["table"] == table].to_dict("records")
    ]
    for reference in found:
        if reference.kind not in REFERENCES:
            raise ValueError(f"{path}: {unknown_name('reference', reference.kind, REFERENCES)}")
    return found


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """The rows with six significant digits: equal inputs give equal files, byte for byte."""
    rounded = frame.assign(**{name: [_digits(value) for value in frame[name]] for name in NUMBERS})
    csv.write_csv(path, rounded)


def read_csv(path: Path) -> pd.DataFrame:
    """The rows that ``write_csv`` wrote. Raises ValueError for any other file."""
    texts = {name: str for name in COLUMNS if name not in NUMBERS + COUNTS}
    empty = {name: [""] for name in NUMBERS + COUNTS}  # in other columns "nan" would be a text
    frame = csv.read_csv(path, dtype=texts, keep_default_na=False, na_values=empty)
    if tuple(frame.columns) != COLUMNS:
        raise ValueError(f"{path} is no table of comparisons: it has the columns {', '.join(frame.columns)}")
    return frame.astype(dict.fromkeys(NUMBERS, "float64") | dict.fromkeys(COUNTS, "Int64"))


def series(population: str) -> str:
    """The part of a population that names the series of a figure; empty where it is the only one."""
    name, colon, _ = population.partition(": ")
    return name if colon else ""


def _pairs(figure: Measured, references: Sequence[Reference]) -> Iterator[tuple[Measured, Reference | None]]:
    found: list[Reference | None] = [one for one in references if _key(one) == _key(figure)]
    for reference in found or [None]:
        yield figure, reference


def _key(of: Measured | Reference) -> tuple[str, str, str]:
    return of.row, of.column, of.metric


def _is_wide(ours: Measured, reference: Reference) -> bool:
    """Whether a sample is too small to tell: its interval is wide, or not known."""
    low, high = ours.interval
    return ours.relation == SAMPLE and not high - low <= WIDE * reference.tolerance + ROUNDING


def _row(paper: str, table: str, ours: Measured, reference: Reference | None) -> dict[str, Any]:
    low, high = ours.interval
    return {
        "paper": paper,
        "table": table,
        "row": ours.row,
        "column": ours.column,
        "metric": ours.metric,
        "reference": reference.kind if reference else NONE,
        "paper_value": reference.value if reference else math.nan,
        "value": ours.value,
        "ci_low": low,
        "ci_high": high,
        "interval_kind": "" if math.isnan(low) else ours.interval_kind,
        "n": ours.n,
        "population": ours.population,
        "seeds": ours.seeds,
        "tolerance": reference.tolerance if reference else math.nan,
        "verdict": verdict(ours, reference),
        "note": SEPARATOR.join(_notes(ours, reference)),
    }


def _notes(ours: Measured, reference: Reference | None) -> Iterator[str]:
    """What a reader must know, one thing each: joined by SEPARATOR, under a table they stand apart."""
    if ours.missing:
        yield f"missing: {ours.missing}"
    if ours.note:
        yield ours.note
    if reference is None:
        return
    if _is_wide(ours, reference):
        yield f"a small sample: its interval is wider than {WIDE:g} tolerances, or not known"
    if ours.relation == OTHER:
        yield "another population than the paper's"
    yield f"tolerance {reference.tolerance:g}: {reference.reason}"
    yield f"{reference.kind}: {reference.source}"


def _digits(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"

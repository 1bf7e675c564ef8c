"""The rows of a table: each measured value beside each value that a paper gives for it, as CSV."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.files import csv, record
from zcrepro.report.entry import REFERENCES, SEPARATOR, Measured, Reference, absent
from zcrepro.report.verdict import judge
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
    "tolerance_reason",
    "source",
    "series",
    "problem",
    "role",
    "name",
    "choice",
    "cites",
    "promoted",
)
"""The columns of a table's CSV. From ``tolerance_reason`` on they serve the page and the summary.

``population`` begins with the series, ``note`` holds several notes joined by SEPARATOR, ``cites`` several
keys joined by a space. ``tolerance_reason`` and ``source`` are those of the reference. ``promoted`` is the
same in all rows of a table: where the inputs are tracked that the run did not compute itself.
"""

NUMBERS = ("paper_value", "value", "ci_low", "ci_high", "tolerance")
COUNTS = ("n", "seeds")

NONE = "none"
"""The kind of reference of a value that no paper gives."""


def compare(
    paper: str,
    table: str,
    measured: Iterable[Measured],
    references: Sequence[Reference],
    *,
    level: float,
    promoted: Iterable[str] = (),
) -> pd.DataFrame:
    """Return the rows of a table: one per value and reference to it, or one per value without reference.

    A reference that nothing was measured for gets a row as well, with a missing input.

    Parameters
    ----------
    paper, table
        The names that the rows carry.
    measured
        The values, in the order of the table.
    references
        The values that papers give.
    level
        The coverage of the intervals.
    promoted
        Where the inputs are tracked that were not computed in this run.

    Raises
    ------
    ValueError
        If two rows are the same entry.
    """
    entries = list(measured)
    known = {_key(entry) for entry in entries}
    unmeasured = {_key(ref): ref for ref in references if _key(ref) not in known}
    entries += [absent(*key, "", f"{table} does not measure it") for key in unmeasured]
    same = {"paper": paper, "table": table, "promoted": SEPARATOR.join(promoted)}
    rows = [same | _row(*pair, level) for entry in entries for pair in _pairs(entry, references)]
    frame = pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COUNTS, "Int64"))
    repeated = frame.duplicated(["row", "column", "metric", "reference", "population"])
    if repeated.any():
        raise ValueError(f"{table}: an entry stands twice: {frame[repeated].iloc[0].to_dict()}")
    return frame


def read_references(path: Path, table: str) -> list[Reference]:
    """Return the references of ``table`` in a CSV of ``resources/papers``.

    The column ``paper_n`` is optional. Raises ValueError for an unknown kind of reference.
    """
    frame = csv.read_csv(path)
    found = [_reference(line) for line in frame[frame["table"] == table].to_dict("records")]
    for reference in found:
        if reference.kind not in REFERENCES:
            raise ValueError(f"{path}: {unknown_name('reference', reference.kind, REFERENCES)}")
    return found


def write_csv(path: Path, frame: pd.DataFrame, made: Mapping[str, str], beside: Iterable[Path] = ()) -> None:
    """Write the rows with six significant digits, so that equal inputs give equal bytes, and their record.

    The record also vouches for the files ``beside``, which are there already.
    """
    rounded = frame.assign(**{name: [_digits(value) for value in frame[name]] for name in NUMBERS})
    csv.write_csv(path, rounded)
    record.write([path, *beside], made)


def read_csv(path: Path) -> pd.DataFrame:
    """Return the rows that ``write_csv`` wrote. Raises ValueError for any other file."""
    record.check(path)
    return read_kept_csv(path)


def read_kept_csv(path: Path) -> pd.DataFrame:
    """Return the rows of a table without a record, as promotion keeps it. Raises ValueError if it is none."""
    texts = {name: str for name in COLUMNS if name not in NUMBERS + COUNTS}
    empty = {name: [""] for name in NUMBERS + COUNTS}  # in other columns "nan" would be a text
    frame = csv.read_csv(path, dtype=texts, keep_default_na=False, na_values=empty)
    if tuple(frame.columns) != COLUMNS:
        raise ValueError(
            f"{path} is not a table of comparisons: it has the columns {', '.join(frame.columns)}"
        )
    return frame.astype(dict.fromkeys(NUMBERS, "float64") | dict.fromkeys(COUNTS, "Int64"))


def _reference(line: Mapping[Any, Any]) -> Reference:
    n = line.get("paper_n", math.nan)
    return Reference(
        row=line["row"],
        column=line["column"],
        metric=line["metric"],
        kind=line["reference"],
        value=float(line["paper_value"]),
        tolerance=float(line["tolerance"]),
        reason=line["tolerance_reason"],
        source=line["source"],
        n=None if math.isnan(n) else int(n),
    )


def _pairs(entry: Measured, references: Sequence[Reference]) -> Iterator[tuple[Measured, Reference | None]]:
    found: list[Reference | None] = [one for one in references if _key(one) == _key(entry)]
    for reference in found or [None]:
        yield entry, reference


def _key(of: Measured | Reference) -> tuple[str, str, str]:
    return of.row, of.column, of.metric


def _row(ours: Measured, reference: Reference | None, level: float) -> dict[str, Any]:
    judgement = judge(ours, reference, level)
    low, high = ours.interval
    return {
        "row": ours.row,
        "column": ours.column,
        "metric": ours.metric,
        "reference": reference.kind if reference else NONE,
        "paper_value": reference.value if reference else math.nan,
        "value": ours.value,
        "ci_low": low,
        "ci_high": high,
        "interval_kind": ours.interval_kind if ours.has_interval else "",
        "n": ours.n,
        "population": f"{ours.series}: {ours.population}" if ours.series else ours.population,
        "seeds": ours.seeds,
        "tolerance": reference.tolerance if reference else math.nan,
        "verdict": judgement.verdict,
        "note": SEPARATOR.join([*judgement.notes, *ours.notes]),
        "tolerance_reason": reference.reason if reference else "",
        "source": reference.source if reference else "",
        "series": ours.series,
        "problem": ours.problem,
        "role": ours.role,
        "name": ours.name,
        "choice": ours.choice,
        "cites": " ".join(ours.cites),
    }


def _digits(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"

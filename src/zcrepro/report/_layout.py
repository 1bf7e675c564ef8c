"""The rows of a table as people read it: lines and columns, with footnotes and verdicts."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from zcrepro.report._footnotes import Note, Place, Statement, footnotes
from zcrepro.report.comparison import NONE
from zcrepro.report.entry import INTERVAL_KINDS, REFERENCES, SEPARATOR
from zcrepro.report.verdict import MISSING

CELL = ["row", "series", "column"]

WHOLE = ("nodes", "problems", "architectures", "pairs")
"""Metrics that count something."""


@dataclass(frozen=True)
class Cell:
    """Texts of a cell, empty if there are none. A paper's value has no ``verdict``."""

    value: str = ""
    interval: str = ""
    verdict: str = ""
    marks: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return f"{self.value} {self.interval}".rstrip()


@dataclass(frozen=True)
class Heading:
    """The heading of a column, with the marks of its footnotes."""

    text: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line of a table; ``label`` is its ``row``, or empty if that is the row of the line above.

    ``cells`` are in the order of the columns. ``marks`` are those of the footnotes about the whole line.
    """

    row: str
    label: str
    series: str
    cells: list[Cell]
    note: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """A table as it is displayed.

    ``series`` says whether lines need a column for their series. ``note_column`` is the heading of the
    column of notes; empty without one.
    """

    columns: list[Heading]
    lines: list[Line]
    series: bool
    note_column: str
    notes: list[Note]


def layout(frame: pd.DataFrame, note_column: str = "") -> Layout:
    """Return the rows of a comparison as lines and columns.

    Each row of the table has a line per kind of reference and a line per series of measured values. If a
    value has several references, the verdict and the notes shown are those on the most exact one. Raises
    ValueError if two values fall into one cell.
    """
    shown = most_exact(frame)
    notes, marks = footnotes(() if note_column else _statements(frame, shown))
    columns = [Heading(name, tuple(marks.get((name,), ()))) for name in dict.fromkeys(frame["column"])]
    lines = []
    in_all = frame.groupby("row", sort=False)
    for label, rows in ((str(label), rows) for label, rows in shown.groupby("row", sort=False)):
        note = str(rows["note"].iloc[0]) if note_column else ""
        of_row = _paper_cells(in_all.get_group(label)) | _measured_cells(rows)
        for number, (series, known) in enumerate(of_row.items()):
            cells = [
                replace(known.get(name.text, Cell()), marks=tuple(marks.get((label, series, name.text), ())))
                for name in columns
            ]
            at_line = tuple(marks.get((label, series), ()))
            lines.append(Line(label, "" if number else label, series, cells, note, at_line))
    return Layout(columns, lines, any(line.series for line in lines), note_column, notes)


def number(value: float, metric: str) -> str:
    """Return a value as text, with as many digits as its metric deserves."""
    if math.isnan(value):
        return "undefined"
    if metric in WHOLE:
        return f"{value:,.0f}"
    return f"{value:.2f}" if "accuracy" in metric else f"{value:.3f}"


def most_exact(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row per entry, that of its most exact reference, in the order of the table."""
    repeated = frame.duplicated([*CELL, "reference"])
    if repeated.any():
        same = frame.loc[repeated, [*CELL, "population"]].to_dict("records")
        raise ValueError(f"two values in one cell: {same}")
    return _by_exactness(frame).drop_duplicates(CELL).sort_index()


def _by_exactness(frame: pd.DataFrame) -> pd.DataFrame:
    exactness = frame["reference"].map([*REFERENCES, NONE].index)
    return frame.loc[exactness.sort_values(kind="stable").index]


def _paper_line(kind: str) -> str:
    return f"paper, {kind}"


def _paper_cells(rows: pd.DataFrame) -> dict[str, dict[str, Cell]]:
    """Return the papers' values of a row of the table, by line and column."""
    return {
        _paper_line(kind): {
            row["column"]: Cell(f"{row['paper_value']:.3g}")
            for _, row in rows[rows["reference"] == kind].iterrows()
        }
        for kind in REFERENCES
        if (rows["reference"] == kind).any()
    }


def _measured_cells(rows: pd.DataFrame) -> dict[str, dict[str, Cell]]:
    """Return the measured values of a row of the table, by series and column."""
    found: dict[str, dict[str, Cell]] = {}
    for _, row in rows.iterrows():
        found.setdefault(row["series"], {})[row["column"]] = _cell(row)
    return found


def _cell(row: pd.Series) -> Cell:
    if row["verdict"] == MISSING:
        return Cell("missing", "", MISSING)
    interval = ""
    if not math.isnan(row["ci_low"]):
        interval = f"[{number(row['ci_low'], row['metric'])}, {number(row['ci_high'], row['metric'])}]"
    value = number(row["value"], row["metric"])
    choice = "" if math.isnan(row["value"]) else row["choice"]
    return Cell(f"{value} {choice}".rstrip(), interval, row["verdict"])


def _statements(frame: pd.DataFrame, shown: pd.DataFrame) -> Iterator[Statement]:
    """Yield what is said of the cells: populations, intervals, notes, references, and promoted inputs."""
    measured = shown[shown["value"].notna()]
    yield from _populations(measured)
    yield from _intervals(shown[shown["interval_kind"] != ""])
    # What is said of values is said of a whole line even if a value in it is missing, and is said once.
    of_values, of_others = _notes(measured), _notes(shown[shown["value"].isna()])
    yield from _by_text(of_values, _places(measured))
    yield from _by_text(of_others[~of_others["text"].isin(of_values["text"])], _places(shown))
    yield from _references(frame[frame["reference"] != NONE])
    promoted = ", ".join(frame["promoted"].iloc[0].split(SEPARATOR)) if len(frame) else ""
    if promoted:
        yield Statement(f"promoted: {promoted} (not computed in this run)", frozenset(), frozenset())


def _notes(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each note of each cell, with the column ``text``."""
    notes = rows.assign(text=rows["note"].str.split(SEPARATOR)).explode("text")
    return notes[notes["text"] != ""]


def _populations(measured: pd.DataFrame) -> Iterator[Statement]:
    # The series is the heading of a line already.
    pairs = zip(measured["population"], measured["series"], strict=True)
    texts = [str(population).removeprefix(f"{series}: ") for population, series in pairs]
    for population, rows in measured.groupby(pd.Series(texts, measured.index, object), sort=False):
        low, high = rows["n"].min(), rows["n"].max()
        count = f"n = {low:,}" if low == high else f"n = {low:,} to {high:,}"
        yield Statement(f"{population} ({count})", _places(rows), _places(measured))


def _intervals(known: pd.DataFrame) -> Iterator[Statement]:
    for kind, rows in known.groupby("interval_kind", sort=False):
        text = f"interval over {kind}: {INTERVAL_KINDS[str(kind)]}"
        yield Statement(text, _places(rows), _places(known))


def _references(compared: pd.DataFrame) -> Iterator[Statement]:
    """Yield the tolerances and the sources of the papers' values, which stand at the papers' lines."""
    rows = _by_exactness(compared).assign(series=lambda frame: frame["reference"].map(_paper_line))
    tolerances = [f"tolerance {row.tolerance:g}: {row.tolerance_reason}" for row in rows.itertuples()]
    sources = [f"{row.reference}: {row.source}" for row in rows.itertuples()]
    for texts in (tolerances, sources):
        yield from _by_text(rows.assign(text=texts), _places(rows))


def _by_text(rows: pd.DataFrame, among: frozenset[Place]) -> Iterator[Statement]:
    for text, same in rows.groupby("text", sort=False):
        yield Statement(str(text), _places(same), among)


def _places(rows: pd.DataFrame) -> frozenset[Place]:
    return frozenset(rows[CELL].itertuples(index=False, name=None))

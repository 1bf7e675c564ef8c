"""The rows of a table as people read it: lines and columns, footnotes, and a mark for each verdict."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from zcrepro.report.comparison import MISSING, NONE, REFERENCES, SEPARATOR, series

SERIES = "series"


@dataclass(frozen=True)
class Cell:
    """Texts, empty where there is none; a paper's figure has no ``verdict``."""

    value: str = ""
    interval: str = ""
    verdict: str = ""

    @property
    def text(self) -> str:
        return f"{self.value} {self.interval}".rstrip()


@dataclass(frozen=True)
class Line:
    """``label`` is empty where it is that of the line above; ``cells`` are in the order of the columns."""

    label: str
    series: str
    cells: list[Cell]
    note: str


@dataclass(frozen=True)
class Layout:
    """``series`` says whether lines need that column; ``note_column`` is its heading, empty without one."""

    columns: list[str]
    lines: list[Line]
    series: bool
    note_column: str
    notes: list[str]


def layout(frame: pd.DataFrame, note_column: str = "") -> Layout:
    """The pivot of a table's rows.

    A line for the paper's figures of each kind, then one for each series of ours. Where a figure has
    several references, the verdict shown is that on the most exact one. Raises ValueError where two
    figures fall into one cell.
    """
    frame = frame.assign(**{SERIES: frame["population"].map(series)})
    columns = list(dict.fromkeys(frame["column"]))
    lines = []
    for label in dict.fromkeys(frame["row"]):
        rows = frame[frame["row"] == label]
        for number, (name, cells) in enumerate(_lines(rows, columns)):
            note = str(rows["note"].iloc[0]) if note_column else ""
            lines.append(Line("" if number else label, name, cells, note))
    notes = [] if note_column else [*_populations(frame), *_footnotes(frame)]
    return Layout(columns, lines, any(line.series for line in lines), note_column, notes)


def number(value: float, metric: str) -> str:
    """A value with as many digits as its metric deserves."""
    if math.isnan(value):
        return "undefined"
    if metric == "nodes":
        return f"{value:.0f}"
    return f"{value:.2f}" if "accuracy" in metric else f"{value:.3f}"


def _lines(rows: pd.DataFrame, columns: list[str]) -> Iterator[tuple[str, list[Cell]]]:
    for kind in REFERENCES:
        of_kind = rows[rows["reference"] == kind].drop_duplicates("column")
        if len(of_kind):
            yield f"paper, {kind}", [_paper_cell(of_kind[of_kind["column"] == name]) for name in columns]
    for name in dict.fromkeys(rows[SERIES]):
        of_series = rows[rows[SERIES] == name]
        yield name, [_cell(of_series[of_series["column"] == column]) for column in columns]


def _paper_cell(rows: pd.DataFrame) -> Cell:
    return Cell(f"{rows['paper_value'].iloc[0]:.3g}") if len(rows) else Cell()


def _cell(rows: pd.DataFrame) -> Cell:
    if rows.empty:
        return Cell()
    exactness = rows["reference"].map([*REFERENCES, NONE].index)
    rows = rows.assign(exactness=exactness).sort_values("exactness", kind="stable")
    if len(rows) > rows["reference"].nunique():
        same = rows[["row", "column", "population"]].to_dict("records")
        raise ValueError(f"two figures in one cell: {same}")
    row = rows.iloc[0]
    if row["verdict"] == MISSING:
        return Cell("missing", "", MISSING)
    interval = ""
    if not math.isnan(row["ci_low"]):
        interval = f"[{number(row['ci_low'], row['metric'])}, {number(row['ci_high'], row['metric'])}]"
    return Cell(number(row["value"], row["metric"]), interval, row["verdict"])


def _populations(frame: pd.DataFrame) -> Iterator[str]:
    """What was measured on what, and how many of them there are."""
    measured = frame[frame["value"].notna()]
    for population, rows in measured.groupby("population", sort=False):
        low, high = rows["n"].min(), rows["n"].max()
        count = f"n = {low:,}" if low == high else f"n = {low:,} to {high:,}"
        yield f"{_about(['column'], rows, frame)}{population} ({count})"


def _footnotes(frame: pd.DataFrame) -> Iterator[str]:
    """Each part of the notes once, with the line, series and column that it is about, where it is one."""
    parts = frame.assign(note=frame["note"].str.split(SEPARATOR)).explode("note")
    for part, rows in parts[parts["note"] != ""].groupby("note", sort=False):
        yield f"{_about(['row', SERIES, 'column'], rows, frame)}{part}"


def _about(keys: list[str], rows: pd.DataFrame, frame: pd.DataFrame) -> str:
    """What all of ``rows`` have in common but not all of the table, with a colon; else nothing."""
    common = [key for key in keys if frame[key].nunique() > 1 and rows[key].nunique() == 1]
    names = [str(rows[key].iloc[0]) for key in common]
    return f"{', '.join(filter(None, names))}: " if any(names) else ""

"""All values that a paper gives too, one line each, with a small drawing of the difference."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from zcrepro import registry
from zcrepro.report._base import Table
from zcrepro.report._layout import CELL, most_exact, number
from zcrepro.report.comparison import NONE
from zcrepro.report.page import tables
from zcrepro.report.page.packing import packed
from zcrepro.report.verdict import VERDICTS

WIDTH, HEIGHT = 110, 18
"""Of a drawing, in pixels."""

SIDE = 3.0
"""Half-width of the axis of a small drawing, in tolerances around the paper's value."""


@dataclass(frozen=True)
class Line:
    """A value beside the most exact value of a paper; ``drawing`` is empty if there is no value."""

    paper: str
    table: str
    title: str
    row: str
    column: str
    series: str
    verdict: str
    of_paper: str
    ours: str
    difference: str
    interval: str
    n: int
    drawing: Markup
    key: int


@dataclass(frozen=True)
class Comparisons:
    """All lines, how many have each verdict, and the packed reasons."""

    lines: list[Line]
    counts: dict[str, int]
    data: str

    @property
    def decidable(self) -> bool:
        """Whether the run has any value that a paper gives too."""
        return any(line.ours for line in self.lines)


def comparisons(frames: Mapping[str, pd.DataFrame]) -> Comparisons:
    """Return the comparisons of all tables, in the order of the tables."""
    lines: list[Line] = []
    reasons: list[dict[str, Any]] = []
    for name, frame in frames.items():
        described: Table = registry.get("table", name)
        compared = frame[frame["reference"] != NONE]
        groups = compared.groupby(CELL, sort=False)
        for _, row in most_exact(compared).iterrows():
            lines.append(_line(row, described.title, len(reasons)))
            reasons.append(tables.reason(groups.get_group(tuple(row[CELL]))))
    given = [line.verdict for line in lines]
    counts = {verdict: given.count(verdict) for verdict in VERDICTS if verdict in given}
    csv = (
        pd.concat([frame[frame["reference"] != NONE] for frame in frames.values()])
        if frames
        else pd.DataFrame()
    )
    return Comparisons(
        lines, counts, packed({"csv": csv.to_csv(index=False, lineterminator="\n"), "reasons": reasons})
    )


def _line(row: pd.Series, title: str, key: int) -> Line:
    has_value, has_interval = not pd.isna(row["value"]), not pd.isna(row["ci_low"])
    metric = row["metric"]
    ends = " to ".join(number(row[end], metric) for end in ("ci_low", "ci_high")) if has_interval else ""
    return Line(
        paper=row["paper"],
        table=row["table"],
        title=title,
        row=row["row"],
        column=row["column"],
        series=row["series"],
        verdict=row["verdict"],
        of_paper=f"{row['paper_value']:.4g}",
        ours=number(row["value"], metric) if has_value else "",
        difference=f"{row['value'] - row['paper_value']:+.3f}" if has_value else "",
        interval=ends,
        n=int(row["n"]),
        drawing=_drawing(row) if has_value else Markup(),
        key=key,
    )


def _drawing(row: pd.Series) -> Markup:
    """Return a drawing of a value and its interval against the paper's value (line) and tolerance (band)."""

    def place(value: float) -> float:
        tolerances = (value - row["paper_value"]) / row["tolerance"]
        return round(WIDTH / 2 * (1 + max(-SIDE, min(SIDE, tolerances)) / SIDE), 1)

    band = WIDTH / SIDE
    middle = HEIGHT / 2
    interval = ""
    if not pd.isna(row["ci_low"]):
        ends = f'x1="{place(row["ci_low"])}" x2="{place(row["ci_high"])}"'
        interval = f'<line class="interval" {ends} y1="{middle}" y2="{middle}"/>'
    return Markup(  # nosec: numbers alone
        f'<svg class="difference" viewBox="-4 0 {WIDTH + 8} {HEIGHT}" aria-hidden="true">'
        f'<rect class="tolerance" x="{WIDTH / 2 - band / 2:.1f}" y="0" width="{band:.1f}" height="{HEIGHT}"/>'
        f'<line class="paper" x1="{WIDTH / 2}" x2="{WIDTH / 2}" y1="0" y2="{HEIGHT}"/>{interval}'
        f'<circle cx="{place(row["value"])}" cy="{middle}" r="3.5"/></svg>'
    )

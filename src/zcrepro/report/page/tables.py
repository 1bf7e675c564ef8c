"""The tables of the page: cells with verdicts and reasons, the best ones marked, and the CSV to download."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from zcrepro import registry
from zcrepro.report._base import Table
from zcrepro.report._layout import CELL, Layout, layout, number
from zcrepro.report.comparison import NONE
from zcrepro.report.entry import SEPARATOR
from zcrepro.report.page.packing import packed

BETTER_HIGH = {
    "kendall",
    "kendall among the best tenth",
    "kendall at equal params",
    "kendall at equal counts",
    "spearman",
    "abs_spearman",
    "pair_agreement",
    "share",
    "ratio of medians",
    "accuracy",
    "best test accuracy",
    "best validation accuracy",
    "test accuracy",
}
"""Metrics whose largest value is the best one of a line or a column."""

BETTER_LOW = {
    "regret",
    "regret of test accuracy",
    "regret of validation accuracy",
    "median of models",
    "kendall behind the first",
}
"""Metrics whose smallest value is the best one of a line or a column."""

SEVERAL = 2  # values that one must be the best of


@dataclass(frozen=True)
class Shown:
    """A table as the page shows it.

    ``best`` are the places (row, series, column) of the best values. ``reasons`` maps the places of values
    that a paper gives too to a key of the packed ``data``, which also holds the CSV. ``verdicts`` are those
    that occur.
    """

    name: str
    described: Table
    layout: Layout
    best: frozenset[tuple[str, ...]]
    reasons: Mapping[tuple[str, ...], int]
    verdicts: list[str]
    data: str


def shown(name: str, frame: pd.DataFrame) -> Shown:
    """Return a table from its rows."""
    described: Table = registry.get("table", name)
    compared = frame[frame["reference"] != NONE]
    places = list(dict.fromkeys(compared[CELL].itertuples(index=False, name=None)))
    groups = compared.groupby(CELL, sort=False)
    reasons = [reason(groups.get_group(place)) for place in places]
    return Shown(
        name=name,
        described=described,
        layout=layout(frame, described.note_column),
        best=best(frame, described.best),
        reasons={place: key for key, place in enumerate(places)},
        verdicts=[str(each) for each in dict.fromkeys(compared["verdict"])],
        data=packed({"csv": frame.to_csv(index=False, lineterminator="\n"), "reasons": reasons}),
    )


def reason(rows: pd.DataFrame) -> dict[str, Any]:
    """Return what the page says of one value: each paper's value, its tolerance, the verdict and why."""
    first = rows.iloc[0]
    series = f", {first['series']}" if first["series"] else ""
    interval = ""
    if not pd.isna(first["ci_low"]):
        ends = " to ".join(number(first[end], first["metric"]) for end in ("ci_low", "ci_high"))
        interval = f"{ends}, over {first['interval_kind']}"
    return {
        "title": f"{first['row']}, {first['column']}{series}",
        "ours": "" if pd.isna(first["value"]) else number(first["value"], first["metric"]),
        "interval": interval,
        "n": int(first["n"]),
        "population": first["population"],
        "notes": list(dict.fromkeys(note for text in rows["note"] for note in text.split(SEPARATOR) if note)),
        "papers": [
            {
                "kind": row["reference"],
                "value": f"{row['paper_value']:.4g}",
                "tolerance": f"{row['tolerance']:g}",
                "why": row["tolerance_reason"],
                "source": row["source"],
                "verdict": row["verdict"],
            }
            for _, row in rows.iterrows()
        ],
    }


def best(frame: pd.DataFrame, direction: str) -> frozenset[tuple[str, ...]]:
    """Return the places of the best values: of each column by problem, or of each row.

    ``direction`` is ``column`` or ``row``. Only values of one metric and one series are compared.
    """
    known = frame["metric"].isin(BETTER_HIGH | BETTER_LOW) & frame["value"].notna()
    rows = frame[known].drop_duplicates(CELL)
    rows = rows.assign(good=rows["value"].where(rows["metric"].isin(BETTER_HIGH), -rows["value"]))
    keys = ["metric", "series", "row"] if direction == "row" else ["metric", "series", "problem", "column"]
    groups = rows.groupby(keys)["good"]
    largest = (rows["good"] == groups.transform("max")) & (groups.transform("size") >= SEVERAL)
    return frozenset(rows.loc[largest, CELL].itertuples(index=False, name=None))


def breakable(text: str) -> Markup:
    """Return a name that may be broken behind its underscores and slashes, where a column is narrow."""
    return Markup(re.sub(r"([_/+])", r"\1<wbr>", str(escape(text))))


def slug(text: str) -> str:
    """Return a text as the name of a class."""
    return text.replace(" ", "-")

"""What a published run reproduces of each paper, in Markdown, from its tables."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from zcrepro import registry
from zcrepro.report._base import Table
from zcrepro.report.citations import PAPERS
from zcrepro.report.comparison import NONE
from zcrepro.report.entry import SEPARATOR
from zcrepro.report.findings import findings
from zcrepro.report.verdict import DIFFERS, MISSING, REPRODUCED, VERDICTS

WHAT_IS_MISSING = "missing: "
"""How the note begins that says what a missing value needs."""


def reproduction(tables: Mapping[str, pd.DataFrame], run: str, folder: str) -> str:
    """Return the text.

    Parameters
    ----------
    tables
        The rows of each table, by its name.
    run
        The name of the run.
    folder
        Where its tables lie, for links.
    """
    lines = [
        "# What the papers say, and what comes out",
        f"From the tables of the run [{run}]({folder}/README.md), by `python docs/write_reproduction.py`. "
        "Intervals are 95 percent.",
        "",
        *(f"- {sentence}" for sentence in findings(tables)),
    ]
    for paper, cited in PAPERS.items():
        of_paper = {name: rows for name, rows in tables.items() if (rows["paper"] == paper).any()}
        lines += ["", f"## {paper}", cited, "", *_of_paper(of_paper, folder)]
    return "\n".join([*lines, "", *_explained()]) + "\n"


def _of_paper(tables: Mapping[str, pd.DataFrame], folder: str) -> Iterator[str]:
    """Yield the lines of one paper: its tables with their verdicts, what differs, and what is missing."""
    yield "| table | " + " | ".join(VERDICTS) + " |"
    yield "| --- |" + " ---: |" * len(VERDICTS)
    for name, rows in tables.items():
        described: Table = registry.get("table", name)
        counts = rows["verdict"].value_counts()
        each = " | ".join(str(counts.get(verdict, "")) for verdict in VERDICTS)
        yield f"| [{described.title}]({folder}/tables/{name}.md) | {each} |"
    yield from _listed("Reproduced", _values(tables, REPRODUCED))
    yield from _listed("Differs", _values(tables, DIFFERS))
    yield from _listed("Missing", _missing(tables))


def _listed(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield from ("", f"### {title}", *found)


def _values(tables: Mapping[str, pd.DataFrame], verdict: str) -> Iterator[str]:
    """Yield each value that has a verdict on a paper's value, and after those of equal notes the note."""
    for name, rows in tables.items():
        shown = rows[(rows["verdict"] == verdict) & (rows["reference"] != NONE)]
        for note in shown["note"].unique():
            yield from (_value(name, row) for _, row in shown[shown["note"] == note].iterrows())
            if note and verdict == DIFFERS:
                yield f"  - Note: {note}."


def _value(table: str, row: "pd.Series[Any]") -> str:
    series = f", {row['series']}" if row["series"] else ""
    interval = "" if pd.isna(row["ci_low"]) else f" [{row['ci_low']:.4g}, {row['ci_high']:.4g}]"
    return (
        f"- `{table}`, {row['row']}, {row['column']}{series}: {row['value']:.4g}{interval}, "
        f"paper {row['paper_value']:.4g} ({row['reference']})"
    )


def _missing(tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Yield what is missing, with the tables and the number of their values that need it."""
    needed: dict[str, dict[str, int]] = {}
    for name, rows in tables.items():
        for note in rows.loc[rows["verdict"] == MISSING, "note"]:
            for what in note.split(SEPARATOR):
                if what.startswith(WHAT_IS_MISSING):
                    by_table = needed.setdefault(what.removeprefix(WHAT_IS_MISSING), {})
                    by_table[name] = by_table.get(name, 0) + 1
    for what, by_table in needed.items():
        each = ", ".join(f"`{name}` {count}" for name, count in by_table.items())
        yield f"- {what}: {each}"


def _explained() -> Iterator[str]:
    yield "## Verdicts"
    yield from (f"- *{verdict}*: {shown.explanation}." for verdict, shown in VERDICTS.items())

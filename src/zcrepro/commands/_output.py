"""Show listings as a table for people, or as JSON or CSV for programs."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from cyclopts import Parameter
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from zcrepro.files.atomic import write_text
from zcrepro.files.json import json_text

MANY = 10**9  # counts from here on are written with a power of ten
NARROW = 6  # least number of characters of a column
BORDER = 3  # number of characters between two columns
UNBOUNDED = 10**6  # width in characters that no table reaches

Format = Literal["table", "json", "csv", "markdown"]

SUFFIXES: Mapping[str, Format] = {".json": "json", ".csv": "csv", ".md": "markdown"}
"""The format of a file whose format is not named; that of any other is a table."""


@dataclass(frozen=True)
class Listing:
    """A table to be shown.

    Attributes
    ----------
    name
        The key of the rows in JSON.
    rows
        Mappings with the same keys, which are the headings. A value is a number, a text, None, a list of
        texts or a mapping of texts.
    title
        Shown above the table, or alone if there are no rows.
    whole
        The columns whose texts stay on one line in a narrow terminal, as numbers do, so that they can be
        copied.
    """

    name: str
    rows: Sequence[Mapping[str, Any]]
    title: str = ""
    whole: tuple[str, ...] = ()


@Parameter(name="*")
@dataclass(frozen=True)
class Output:
    """Where a result goes and in which form.

    Parameters
    ----------
    output
        The file to write the result to, instead of the terminal.
    format
        A table for people, as text or in Markdown; JSON, in which an undefined value is null; or CSV. By
        default that of the suffix of the file (.json, .csv, .md), and else the text.
    """

    output: Path | None = None
    format: Format | None = None

    @property
    def chosen(self) -> Format:
        """The format that is named, or else that of the file."""
        return self.format or SUFFIXES.get(self.output.suffix if self.output else "", "table")

    @property
    def for_people(self) -> bool:
        """Whether people read the result, and not programs."""
        return self.chosen in ("table", "markdown")

    def show(self, *listings: Listing, **facts: Mapping[str, Any]) -> None:
        """Write the listings. JSON maps the name of each to its rows.

        It has the ``facts``, too, by their names: they say to programs what the titles say to people.
        """
        text = self._text(listings, facts)
        if self.output is None:
            print(text, end="")
        else:
            write_text(self.output, text)

    def _text(self, listings: Sequence[Listing], facts: Mapping[str, Mapping[str, Any]]) -> str:
        match self.chosen:
            case "json":
                return json_text(_strict(dict(facts) | {one.name: one.rows for one in listings}))
            case "csv":
                return _csv(listings)
            case "markdown":
                return "\n".join(map(_markdown, listings))
        return _tables(listings, None if self.output is None else UNBOUNDED)


def _strict(value: Any) -> Any:
    """Return the value with None instead of NaN and infinity, which JSON does not have."""
    if isinstance(value, Mapping):
        return {key: _strict(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _csv(listings: Sequence[Listing]) -> str:
    """Return the rows as CSV. Those of several listings have a first column that names theirs."""
    named = [{"listing": one.name} if len(listings) > 1 else {} for one in listings]
    rows = [name | dict(row) for name, one in zip(named, listings, strict=True) for row in one.rows]
    text = StringIO()
    writer = csv.DictWriter(
        text, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows({key: _single(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _single(value: Any) -> Any:
    return _text(value) if isinstance(value, (Mapping, list)) else value


def _markdown(listing: Listing) -> str:
    """Return the title and the rows as Markdown."""
    headings = list(listing.rows[0]) if listing.rows else []
    cells = [[_text(row[heading]) for heading in headings] for row in listing.rows]
    table = [_piped(each) for each in (headings, ["---"] * len(headings), *cells)] if cells else []
    parts = [part for part in (listing.title, "\n".join(table)) if part]
    return "\n\n".join(parts) + "\n"


def _piped(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", "<br>") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _tables(listings: Sequence[Listing], width: int | None) -> str:
    """Return the tables as text.

    The text is as wide as ``width``, or as the terminal if that is None, and wider if columns need it.
    """
    text = StringIO()
    console = Console(file=text, width=width)
    for listing in listings:
        table = _table(listing)
        needed = sum((column.min_width or NARROW) + BORDER for column in table.columns) + 1
        console.width = max(console.width, needed)
        console.print(table if listing.rows else Text(listing.title))
    return text.getvalue()


def _table(listing: Listing) -> Table:
    title = Text(listing.title) if listing.title else None
    table = Table(title=title, title_justify="left")
    headings = list(listing.rows[0]) if listing.rows else []
    for heading in headings:
        numeric = any(isinstance(row[heading], (int, float)) for row in listing.rows)
        whole = numeric or heading in listing.whole
        width = max(cell_len(_text(row[heading])) for row in listing.rows) if whole else None
        table.add_column(heading, overflow="fold", min_width=width, no_wrap=whole)
    for row in listing.rows:
        table.add_row(*(Text(_text(row[heading])) for heading in headings))
    return table


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, int):
        return f"{value:,}" if value < MANY else f"{value:.1e}"
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_text(part)}" for key, part in value.items()) or "none"
    return ", ".join(value) if isinstance(value, list) else value

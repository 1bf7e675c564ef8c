"""The kinds of thing that a report shows: each file of ``tables`` and ``figures`` describes one.

Such a file also assigns ``READS``, a literal tuple of patterns in the style of ``fnmatch``. They match the
names of the result files that it reads: paths below ``results/<run>/`` without their ending. Every file
that matches and that the run makes is an input.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from zcrepro.report.context import Context
from zcrepro.report.entry import Measured

SECTIONS = {
    "overview": "Overview",
    "explore": "Explore the proxies",
    "search": "Search",
    "formulas": "Evolved formulas",
}
"""The sections of the page that show figures, and their headings."""


@dataclass(frozen=True)
class Table:
    """A table; ``measure`` yields its entries in the order of the rows and columns.

    ``paper`` is the paper that it reproduces, or ``zcrepro`` if it goes beyond them. If ``note_column`` is
    not empty, notes stand in a column of that name instead of below the table. ``best`` says where the page
    marks the best values: in each ``column``, or in each ``row``.
    """

    paper: str
    title: str
    caption: str
    measure: Callable[[Context], Iterable[Measured]]
    note_column: str = ""
    best: Literal["column", "row"] = "column"


@dataclass(frozen=True)
class Figure:
    """A figure; ``draw`` returns its specification in Vega-Lite, and ``section`` is one of SECTIONS.

    A figure that needs ``width`` pixels to be read scrolls sideways where there is less room.
    """

    title: str
    caption: str
    section: str
    draw: Callable[[Context], dict[str, Any]]
    width: int = 0

"""The kinds of thing that a report shows: each file of ``tables`` and ``figures`` describes one.

Such a file also assigns ``READS``, a literal tuple of patterns in the style of ``fnmatch``. They match the
names of the result files that it reads: paths below ``results/<run>/`` without their ending. Every file
that matches and that the run makes is an input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zcrepro.report.context import Context
from zcrepro.report.entry import Measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True)
class Table:
    """A table; ``measure`` yields its entries in the order of the rows and columns.

    ``paper`` is the paper that it reproduces, or ``zcrepro`` if it goes beyond them. If ``note_column`` is
    not empty, notes stand in a column of that name instead of below the table.
    """

    paper: str
    title: str
    caption: str
    measure: Callable[[Context], Iterable[Measured]]
    note_column: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure; ``draw`` returns the drawing."""

    title: str
    caption: str
    draw: Callable[[Context], Drawing]

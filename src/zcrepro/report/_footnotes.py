"""Footnotes of a table: the notes below it, and their marks at columns, lines and cells."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import ascii_lowercase

Place = tuple[str, str, str]
"""A cell of a table: row, series and column."""

Spot = tuple[str, ...]
"""Where a mark stands: (column,), (row, series) for a whole line, or (row, series, column) for a cell."""


@dataclass(frozen=True)
class Statement:
    """A text about the cells ``about``; ``among`` are all cells that a text of its kind could be about."""

    text: str
    about: frozenset[Place]
    among: frozenset[Place]


@dataclass(frozen=True)
class Note:
    """A text below a table; ``mark`` is empty if it is about the whole table."""

    mark: str
    text: str


def footnotes(statements: Iterable[Statement]) -> tuple[list[Note], Mapping[Spot, list[str]]]:
    """Return the notes below a table, and the marks by where they stand.

    A statement about everything has no mark. The mark of a statement about several cells stands at columns or
    lines if it is about whole ones, else at the cells.
    """
    notes: list[Note] = []
    marks: dict[Spot, list[str]] = defaultdict(list)
    used = 0
    for statement in statements:
        spots = _spots(statement)
        notes.append(Note(_letters(used) if spots else "", statement.text))
        for spot in spots:
            marks[spot].append(_letters(used))
        used += bool(spots)
    return notes, marks


def _spots(statement: Statement) -> list[Spot]:
    """Return where the mark of a statement stands; nowhere if it is about everything."""
    about = statement.about
    if about == statement.among:
        return []
    if len(about) == 1:
        return list(about)
    columns = _whole(statement, {(place, place[2:]) for place in statement.among})
    lines = _whole(statement, {(place, place[:2]) for place in statement.among})
    return columns or lines or sorted(about)


def _whole(statement: Statement, parts: set[tuple[Place, Spot]]) -> list[Spot]:
    """Return the parts, such as columns, that together are what the statement is about; else none."""
    cells = defaultdict(set)
    for place, spot in parts:
        cells[spot].add(place)
    whole = {spot: places for spot, places in cells.items() if places <= statement.about}
    covered = set().union(*whole.values())
    return sorted(whole) if covered == statement.about else []


def _letters(number: int) -> str:
    """Return a, b, ..., z, aa, ab, ... for 0, 1, ..."""
    rest, last = divmod(number, len(ascii_lowercase))
    return (_letters(rest - 1) if rest else "") + ascii_lowercase[last]

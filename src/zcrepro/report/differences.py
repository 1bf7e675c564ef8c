"""Compare the tables of two runs, cell by cell, and say what differs in how they were made."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.files import record
from zcrepro.files.json import read_sealed
from zcrepro.report import comparison
from zcrepro.report.comparison import COLUMNS, NONE

KEY = ["row", "column", "metric", "series", "reference"]
"""What names a row of a table in any run. The population does not, since it tells the n of a sample."""

BESIDE = ("value", "verdict")
"""Columns that are shown with what both runs have in them. Of others, only the name is given."""

LEFT_OUT = "deviations"
"""The table that has the rows of all others once more."""

VERSIONS = "versions"

Place = tuple[Any, ...]
Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Difference:
    """A row of a table that differs between two runs.

    Attributes
    ----------
    table, row, column
        The place. The row and the column are empty if a whole table is in one run alone.
    of
        The metric, the series and the kind of reference of the row, as far as it has them.
    first, second
        The value in each run; None if the run lacks the row.
    within
        Which value lies within the interval of the other run: ``both``, ``the first``, ``the second`` or
        ``neither``; empty if an interval is not known.
    verdict
        Both verdicts if they differ.
    also
        The other columns that differ, or the run that alone has the row.
    """

    table: str
    row: str = ""
    column: str = ""
    of: str = ""
    first: float | None = None
    second: float | None = None
    within: str = ""
    verdict: str = ""
    also: str = ""


def read_tables(run: Path) -> dict[str, Path]:
    """Return the paths of the tables below ``run``, a folder of results or a promoted one, by name.

    Raises ValueError if there is none.
    """
    found = {path.stem: path for path in sorted((run / "tables").glob("*.csv")) if path.stem != LEFT_OUT}
    if not found:
        kind = "has no tables" if run.is_dir() else "is not a folder"
        raise ValueError(
            f"{run} {kind}; name the folder of a run that has finished, such as results/sample, or of a kept "
            "one, such as docs/reproduction/sample"
        )
    return found


def differences(first: Mapping[str, Path], second: Mapping[str, Path]) -> Iterator[Difference]:
    """Yield what differs between the tables of two runs, by table, in the order of the rows of the first.

    Raises ValueError if a file is damaged, or not a table.
    """
    for name in sorted({*first, *second}):
        if name in first and name in second:
            yield from _of_table(name, _rows(first[name]), _rows(second[name]))
        else:
            yield Difference(name, also=_only_in(name in first))


def origin(first: Mapping[str, Path], second: Mapping[str, Path]) -> str:
    """Return what differs in how the tables that both runs have were made, as one sentence.

    It is known of a run, whose tables have records beside them, and not of what was promoted. The records
    hold digests of the settings, the seed among them, and of the code, and the versions of libraries.
    """
    made = [(_made(first[name]), _made(second[name])) for name in first if name in second]
    if not made:
        return "they have no table in common"
    if not all(one and other for one, other in made):
        return "what differs in how they were made is not known: kept tables have no record of it"
    found = sorted({key for one, other in made for key in one if one[key] != other.get(key)})
    if not found:
        return "their settings, code and versions are equal: what differs was in their inputs"
    return f"how they were made differs in {', '.join(_named(key, made) for key in found)}"


def _rows(path: Path) -> dict[Place, Row]:
    """Return the rows of a table, by KEY and the number of the row among those of that key."""
    kept = not record.path_for(path).is_file()
    frame = comparison.read_kept_csv(path) if kept else comparison.read_csv(path)
    number = frame.groupby(KEY).cumcount()
    places = zip(*(frame[name] for name in KEY), number, strict=True)
    return dict(zip(places, frame.to_dict("records"), strict=True))


def _of_table(table: str, first: Mapping[Place, Row], second: Mapping[Place, Row]) -> Iterator[Difference]:
    for place in dict.fromkeys((*first, *second)):
        row, column, *further, _ = place
        of = ", ".join(text for text in further if text not in ("", NONE))
        one, other = first.get(place), second.get(place)
        if one is None or other is None:
            values = [None if found is None else found["value"] for found in (one, other)]
            only = _only_in(other is None)
            yield Difference(table, row, column, of, values[0], values[1], also=only)
        elif changed := [name for name in COLUMNS if not _equal(one[name], other[name])]:
            yield Difference(
                table,
                row,
                column,
                of,
                one["value"],
                other["value"],
                _within(one, other),
                f"{one['verdict']} → {other['verdict']}" if "verdict" in changed else "",
                ", ".join(name for name in changed if name not in BESIDE),
            )


def _only_in(first: bool) -> str:
    return f"only in the {'first' if first else 'second'}"


def _equal(one: Any, other: Any) -> bool:
    """Return whether two cells are equal; undefined ones are."""
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    return bool(one == other)


def _within(one: Row, other: Row) -> str:
    """Say whether each value lies within the other's interval."""
    ends = (one["ci_low"], one["ci_high"], other["ci_low"], other["ci_high"])
    if any(map(math.isnan, ends)):
        return ""
    of_first = bool(other["ci_low"] <= one["value"] <= other["ci_high"])
    of_second = bool(one["ci_low"] <= other["value"] <= one["ci_high"])
    if of_first == of_second:
        return "both" if of_first else "neither"
    return "the first" if of_first else "the second"


def _made(path: Path) -> dict[str, str]:
    """Return how a table was made, or an empty mapping if it has no record."""
    beside = record.path_for(path)
    return dict(read_sealed(beside)[record.PROVENANCE]) if beside.is_file() else {}


def _named(key: str, made: list[tuple[dict[str, str], dict[str, str]]]) -> str:
    """Return the name of an entry of the records; of versions, also those of the libraries that differ."""
    if key != VERSIONS:
        return key
    changed = set()
    for one, other in made:
        old, new = json.loads(one[VERSIONS]), json.loads(other[VERSIONS])
        changed |= {f"{name} {old[name]} → {new.get(name)}" for name in old if old[name] != new.get(name)}
    return f"{key} ({', '.join(sorted(changed))})"

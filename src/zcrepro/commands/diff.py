"""``zcrepro diff``: show in which cells the tables of two runs differ."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from zcrepro.commands._output import Listing, Output
from zcrepro.report.differences import differences, origin, read_tables

DEFAULT = Output()


def diff(first: Path, second: Path, /, *, output: Output = DEFAULT) -> int:
    """Show in which cells the tables of two runs differ; the exit status is 0 if they are equal, and else 1.

    A row is shown if any cell of it differs, with both values. ``within`` says which of them lies within the
    interval of the other run, and ``also`` names what differs beside the value and the verdict.

    Example: ``zcrepro diff results/sample docs/reproduction/sample``.

    Parameters
    ----------
    first, second
        Folders of runs, such as ``results/sample``, or of kept ones, such as ``docs/reproduction/sample``.
    """
    tables = read_tables(first), read_tables(second)
    rows = [asdict(one) for one in differences(*tables)]
    if rows:
        title = (
            f"rows that differ between the first, {first}, and the second, {second}: {len(rows):,}; "
            f"{origin(*tables)}"
        )
    else:
        title = f"the {len(tables[0])} tables of {first} and {second} are equal"
    output.show(Listing("differences", rows, title))
    return int(bool(rows))

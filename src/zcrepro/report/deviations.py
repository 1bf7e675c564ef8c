"""Join the comparisons of all tables in one file."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from zcrepro.report import comparison

KEY = ["paper", "table", "row", "column", "metric", "reference", "population"]


def deviations(*, tables: Sequence[Path], output: Path) -> None:
    """Join the comparisons of all tables.

    Parameters
    ----------
    tables
        The CSV files of the tables, in any order.
    output
        CSV: all their rows, sorted.
    """
    frame = pd.concat([comparison.read_csv(path) for path in tables], ignore_index=True)
    comparison.write_csv(output, frame.sort_values(KEY, kind="stable", ignore_index=True))

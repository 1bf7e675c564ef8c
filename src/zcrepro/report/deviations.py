"""Join the comparisons of all tables in one file."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from zcrepro import provenance
from zcrepro.report import comparison

KEY = ["paper", "table", "row", "column", "metric", "reference", "population"]


def deviations(*, tables: Sequence[Path], output: Path) -> None:
    """Join the comparisons of all tables.

    Parameters
    ----------
    tables
        The CSV files of the tables, in any order.
    output
        CSV: all their rows, sorted. Its record is the JSON beside it.
    """
    frame = pd.concat([comparison.read_csv(path) for path in tables], ignore_index=True)
    ordered = frame.sort_values(KEY, kind="stable", ignore_index=True)
    comparison.write_csv(output, ordered, provenance.metadata("deviations", {}))

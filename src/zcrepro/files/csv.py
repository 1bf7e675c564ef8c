"""Read and write CSV."""

from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.files.atomic import write_text


def read_csv(path: Path, **options: Any) -> pd.DataFrame:
    """Return the table in a CSV file; ``options`` are those of ``pandas.read_csv``.

    Raises ValueError, which names the file, if it is not text, has no columns or has rows of different
    lengths.
    """
    try:
        return pd.read_csv(path, **options)
    except ValueError as error:
        raise ValueError(f"{path} cannot be read as CSV ({str(error).strip()})") from error


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV, atomically. Equal tables give equal bytes on every system."""
    write_text(path, frame.to_csv(index=False, lineterminator="\n"))

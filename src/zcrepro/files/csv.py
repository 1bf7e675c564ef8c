"""Read and write CSV."""

from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.files.atomic import write_text
from zcrepro.files.errors import RUN_AGAIN, reading


def read_csv(path: Path, remedy: str = RUN_AGAIN, **options: Any) -> pd.DataFrame:
    """Return the table in a CSV file; ``options`` are those of ``pandas.read_csv``.

    Raises ValueError, which names the file and the remedy, if it is not text, has no columns or has rows of
    different lengths.
    """
    with reading(path, remedy):
        # By default pandas infers types chunk by chunk, so that one column may have several.
        return pd.read_csv(path, low_memory=False, **options)


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as CSV, atomically. Equal tables give equal bytes on every system."""
    write_text(path, frame.to_csv(index=False, lineterminator="\n"))

"""``zcrepro info FILE``: what a result file holds and how it was made."""

import json
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from zcrepro import storage


def info(path: Path, /) -> None:
    """Show what a result file holds and how it was made.

    Parameters
    ----------
    path
        A Parquet file of results, or the JSON file of an evolved formula.
    """
    console = Console()
    if path.suffix == ".json":
        console.print_json(json.dumps(json.loads(path.read_text(encoding="utf-8"))))
        return
    frame = storage.read_parquet(path)
    made = Table("made by", "", title=str(path))
    for key, value in storage.parquet_metadata(path).items():
        made.add_row(key, value)
    columns = Table("column", "type", "undefined", "example", title=f"{len(frame)} rows")
    for field in pq.read_schema(path):
        column = frame[field.name]
        example = str(column.dropna().iloc[0]) if column.notna().any() else ""
        columns.add_row(field.name, str(field.type), str(int(column.isna().sum())), example)
    console.print(made, columns)

"""``zcrepro info FILE``: show what a result file contains and how it was made."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from zcrepro.commands._files import existing
from zcrepro.files import markup, parquet, record
from zcrepro.files.csv import read_csv
from zcrepro.files.json import read_sealed


def info(path: Path, /) -> None:
    """Show what a result file contains and how it was made.

    Parameters
    ----------
    path
        A Parquet or CSV file of results, a figure, the report, or the JSON file of an evolved formula.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder, and zcrepro info describes one file{_files_in(path)}")
    existing(path)
    if path.suffix not in SHOWN:
        raise ValueError(f"{path} is none of the {', '.join(SHOWN)} files that zcrepro info describes")
    SHOWN[path.suffix](path, Console())


def _show_parquet(path: Path, console: Console) -> None:
    types = {field.name: str(field.type) for field in parquet.schema_of(path)}
    console.print(_made(path, parquet.metadata(path)), _columns(parquet.read(path), types))


def _show_csv(path: Path, console: Console) -> None:
    frame = read_csv(path)
    if record.path_for(path).is_file():
        record.check(path)
        console.print(_made(path, read_sealed(record.path_for(path))[record.PROVENANCE]))
    console.print(_columns(frame, {str(name): str(kind) for name, kind in frame.dtypes.items()}))


def _show_json(path: Path, console: Console) -> None:
    console.print_json(data=read_sealed(path))


def _show_markup(path: Path, console: Console) -> None:
    console.print(_made(path, markup.metadata(path)))


SHOWN: Mapping[str, Callable[[Path, Console], None]] = {
    ".parquet": _show_parquet,
    ".csv": _show_csv,
    ".json": _show_json,
    ".svg": _show_markup,
    ".html": _show_markup,
}
"""Functions that show a file, by its suffix."""


def _files_in(folder: Path) -> str:
    """Return the end of a sentence that names a file in ``folder`` that can be described."""
    found = next((path for path in sorted(folder.rglob("*")) if path.suffix in SHOWN), None)
    return f", such as {found}" if found else "; there is none in it that it can describe"


def _made(path: Path, made: Mapping[str, str]) -> Table:
    table = Table("made by", "", title=Text(str(path)))
    for key, value in made.items():
        table.add_row(key, Text(value, overflow="fold"))
    return table


def _columns(frame: pd.DataFrame, types: Mapping[str, str]) -> Table:
    table = Table("column", "type", "undefined", "example", title=f"{len(frame)} rows")
    for name, kind in types.items():
        defined = frame[name].dropna()
        example = str(defined.iloc[0]) if len(defined) else ""
        cells = name, kind, str(len(frame) - len(defined)), example
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    return table

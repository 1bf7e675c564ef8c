"""Files that are whole or not there: atomic writes, and Parquet with a schema and its provenance."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path``; what was written there is flushed and moved into place.

    Whatever goes wrong, ``path`` is as it was before and the temporary file is gone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """``text`` as UTF-8, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Indented JSON with sorted keys; NaN is refused, since JSON has none."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def write_parquet(
    path: Path,
    frame: pd.DataFrame,
    schema: pa.Schema,
    sort_by: Sequence[str],
    metadata: Mapping[str, str],
) -> None:
    """``frame`` with exactly the columns of ``schema``, sorted by a key that must be unique.

    Raises ValueError when a column is missing or the key repeats: an unsorted or ambiguous file
    would make equal inputs give different files.
    """
    missing = [name for name in schema.names if name not in frame.columns]
    if missing:
        raise ValueError(f"{path}: no column {', '.join(missing)}; there are {', '.join(frame.columns)}")
    repeated = frame.duplicated(list(sort_by))
    if repeated.any():
        example = frame.loc[repeated, list(sort_by)].iloc[0].to_dict()
        raise ValueError(f"{path}: {int(repeated.sum())} rows repeat the key, for example {example}")
    ordered = frame.sort_values(list(sort_by), ignore_index=True)[schema.names]
    table = pa.Table.from_pandas(ordered, schema=schema, preserve_index=False)
    table = table.replace_schema_metadata({f"zcrepro.{key}": value for key, value in metadata.items()})
    with atomic(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """A Parquet file as a data frame. Raises ValueError that says how to make it again."""
    try:
        return pq.read_table(path, columns=list(columns) if columns else None).to_pandas()
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise ValueError(f"{path} cannot be read ({error}); delete it and run snakemake again") from error


def parquet_metadata(path: Path) -> dict[str, str]:
    """The ``zcrepro.*`` metadata of a Parquet file, without the prefix."""
    raw = pq.read_schema(path).metadata or {}
    pairs = {key.decode(): value.decode() for key, value in raw.items()}
    return {k.removeprefix("zcrepro."): v for k, v in pairs.items() if k.startswith("zcrepro.")}

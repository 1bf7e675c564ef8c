"""Read and write Parquet with an explicit schema, a fixed row order and ``zcrepro.*`` metadata."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from zcrepro.files.atomic import replacement


def write(
    path: Path,
    frame: pd.DataFrame,
    schema: pa.Schema,
    sort_by: Sequence[str],
    metadata: Mapping[str, str],
) -> None:
    """Write the columns of ``schema``, sorted by the columns ``sort_by``, with zstd compression, atomically.

    The sort key has to be unique: rows of equal keys have no defined order, so equal inputs could give
    different files. Raises ValueError if a column is missing or a key is repeated.
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
    with replacement(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return some columns of a Parquet file, or all of them.

    Raises ValueError, which names the file, if it is damaged or lacks a column.
    """
    known = schema_of(path).names
    missing = [name for name in columns or () if name not in known]
    if missing:
        raise ValueError(f"{path} has no column {', '.join(missing)}; it has {', '.join(known)}")
    try:
        return pq.read_table(path, columns=list(columns) if columns else None).to_pandas()
    except pa.ArrowInvalid as error:
        raise ValueError(_broken(path, error)) from error


def schema_of(path: Path) -> pa.Schema:
    """Return the schema of a Parquet file. Raises ValueError, which names the file, if it is damaged."""
    try:
        return pq.read_schema(path)
    except pa.ArrowInvalid as error:
        raise ValueError(_broken(path, error)) from error


def metadata(path: Path) -> dict[str, str]:
    """Return the ``zcrepro.*`` metadata of a Parquet file, without the prefix."""
    raw = schema_of(path).metadata or {}
    pairs = {key.decode(): value.decode() for key, value in raw.items()}
    return {k.removeprefix("zcrepro."): v for k, v in pairs.items() if k.startswith("zcrepro.")}


def _broken(path: Path, error: Exception) -> str:
    return f"{path} cannot be read as Parquet ({error}); if a rule made it, delete it and run snakemake again"

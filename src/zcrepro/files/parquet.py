"""Read and write Parquet with an explicit schema, in a fixed order, with its provenance.

Each file is sealed (see ``seal``), and each page has a checksum, which other readers can verify.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from zcrepro.files.atomic import replacement
from zcrepro.files.errors import RUN_AGAIN, reading
from zcrepro.files.seal import BLANK, KEY, sealed, verified

PREFIX = "zcrepro."
"""How the keys begin under which a file says how it was made."""


def write(
    path: Path,
    frame: pd.DataFrame,
    schema: pa.Schema,
    sort_by: Sequence[str],
    metadata: Mapping[str, str],
    rows_per_group: int | None = None,
) -> None:
    """Write exactly the columns of ``schema``, sorted by a key that must be unique, atomically.

    Raises ValueError if a column is missing or the key repeats: an unsorted or ambiguous file would make
    equal inputs give different files.
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
    with writing(path, schema, metadata) as writer:
        writer.write_table(table, rows_per_group)


@contextmanager
def writing(path: Path, schema: pa.Schema, metadata: Mapping[str, str]) -> Iterator[pq.ParquetWriter]:
    """Yield a writer of tables, one after another; the file is in its place when the block ends."""
    described = schema.with_metadata({f"{PREFIX}{key}": value for key, value in metadata.items()})
    with replacement(path) as temporary:
        with pq.ParquetWriter(temporary, described, compression="zstd", write_page_checksum=True) as writer:
            yield writer
            writer.add_key_value_metadata({f"{PREFIX}{KEY}": BLANK})
        temporary.write_bytes(sealed(temporary.read_bytes()))


def read(
    path: Path,
    columns: Sequence[str] | None = None,
    where: tuple[str, Collection[object]] | None = None,
) -> pd.DataFrame:
    """Return the columns of a Parquet file, or all.

    ``where`` is a column and the values that it may have; groups of rows without any of these are not read.
    Raises ValueError if the file is broken or lacks a column.
    """
    return read_table(path, columns, where).to_pandas()


def read_table(
    path: Path,
    columns: Sequence[str] | None = None,
    where: tuple[str, Collection[object]] | None = None,
) -> pa.Table:
    """Return the same as ``read``, as an Arrow table whose schema holds the metadata."""
    with reading(path, RUN_AGAIN):
        content = pa.BufferReader(verified(path))
        known = pq.read_schema(content).names
        missing = [name for name in columns or () if name not in known]
        if missing:
            raise ValueError(f"{path} has no column {', '.join(missing)}; it has {', '.join(known)}")
        content.seek(0)
        return pq.read_table(
            content,
            columns=list(columns) if columns else None,
            filters=_filter(where),
            page_checksum_verification=True,
        )


def schema_of(path: Path) -> pa.Schema:
    """Return the schema of a Parquet file. Raises ValueError if it is broken."""
    with reading(path, RUN_AGAIN):
        return pq.read_schema(pa.BufferReader(verified(path)))


def rows(path: Path) -> int:
    """Return the number of rows of a Parquet file. Raises ValueError if it is broken."""
    with reading(path, RUN_AGAIN):
        return int(pq.read_metadata(pa.BufferReader(verified(path))).num_rows)


def metadata(path: Path) -> dict[str, str]:
    """Return what a Parquet file says of how it was made, without the prefix of the keys."""
    return metadata_in(schema_of(path))


def metadata_in(schema: pa.Schema) -> dict[str, str]:
    """Return what a schema says of how its file was made, without the prefix of the keys."""
    pairs = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    return {key.removeprefix(PREFIX): value for key, value in pairs.items() if key.startswith(PREFIX)}


def _filter(where: tuple[str, Collection[object]] | None) -> pc.Expression | None:
    if where is None:
        return None
    column, values = where
    if isinstance(values, range):
        return (pc.field(column) >= values.start) & (pc.field(column) < values.stop)
    return pc.field(column).isin(list(values))

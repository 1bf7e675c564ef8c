"""``zcrepro promote``: keeps shards of a long computation in the repository."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from zcrepro.commands._files import existing
from zcrepro.files import parquet


def promote(shards: Sequence[Path], /, *, to: Path, key: Sequence[str]) -> None:
    """Merge shards of a long computation into one tracked Parquet file.

    No rule writes a tracked file: what is worth keeping is moved by this command. The shards must
    be of one schema, one code and the same settings, but for which part of the whole each is, and no
    row may repeat.

    Parameters
    ----------
    shards
        The Parquet files.
    to
        Where the merged file goes, for example ``resources/embedded/embedded_cell-digits.parquet``.
    key
        The columns that name a row, for example ``--key arch task seed``.
    """
    if not shards:
        raise ValueError("name the Parquet files of the shards")
    schemas = {parquet.schema_of(existing(shard)).remove_metadata() for shard in shards}
    if len(schemas) != 1:
        raise ValueError(f"the shards are of {len(schemas)} different schemas; promote one kind at a time")
    schema = schemas.pop()
    unknown = [name for name in key if name not in schema.names]
    if unknown or not key:
        raise ValueError(f"--key {' '.join(unknown)} is no column; there are {', '.join(schema.names)}")
    metadata = [parquet.metadata(shard) for shard in shards]
    for entry in ("stage", "code", "versions", "shared"):
        makings = {made.get(entry, "") for made in metadata}
        if len(makings) != 1:
            raise ValueError(f"the shards differ in {entry}: {sorted(makings)}; recompute the older ones")
    merged = pd.concat([parquet.read(shard) for shard in shards], ignore_index=True)
    made = {name: value for name, value in metadata[0].items() if name != "settings"}
    parquet.write(to, merged, schema, list(key), made)

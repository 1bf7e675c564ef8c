"""Writes tables as the stages do, for tests that make the input of a stage themselves."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from zcrepro.files import parquet


def to_parquet(frame: pd.DataFrame, path: Path, metadata: Mapping[str, str] | None = None) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    with parquet.writing(path, table.schema, metadata or {}) as writer:
        writer.write_table(table)

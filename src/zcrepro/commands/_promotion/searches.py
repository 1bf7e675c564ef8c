"""Promote searches, as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa

from zcrepro.commands._promotion.base import Promotion, located
from zcrepro.files import parquet

LAYOUT = "search/<experiment>/<problem>.parquet"


def promote_searches(files: Sequence[Path], root: Path) -> Iterator[Promotion]:
    """Yield the tracked file of each table of searches, as it is."""
    del root
    for file in files:
        at = located(file, LAYOUT)
        yield as_it_is(file, f"resources/search/{at['experiment']}/{at['problem']}.parquet")


def as_it_is(file: Path, name: str) -> Promotion:
    """Return the promotion of a Parquet file to ``name``, with its own metadata."""
    return Promotion(name, partial(_write, table=parquet.read_table(file), name=name))


def _write(path: Path, *, table: pa.Table, name: str) -> None:
    made = parquet.metadata_in(table.schema) | {"promoted": name}
    with parquet.writing(path, table.schema.remove_metadata(), made) as writer:
        writer.write_table(table)

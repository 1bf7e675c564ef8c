"""The table of searches: its columns, and the join of the tables of single algorithms."""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from zcrepro import provenance
from zcrepro.files import parquet

SCHEMA = pa.schema(
    [
        ("space", pa.string()),
        ("task", pa.string()),
        ("method", pa.string()),
        ("algorithm", pa.string()),
        ("guide", pa.string()),
        ("help", pa.string()),
        ("amount", pa.int64()),
        ("repeat", pa.int64()),
        ("domain", pa.int64()),
        ("labels", pa.int64()),
        ("budget", pa.int64()),
        ("highest_validation", pa.float64()),
        ("highest_test", pa.float64()),
        ("trained", pa.int64()),
        ("arch", pa.string()),
        ("validation", pa.float64()),
        ("test", pa.float64()),
    ]
)

KEY = ["method", "repeat", "trained"]


def searches(*, parts: Sequence[Path], output: Path) -> None:
    """Join the searches of all algorithms on one problem.

    Parameters
    ----------
    parts
        The Parquet files of the algorithms.
    output
        Parquet: all their rows.
    """
    frame = pd.concat([parquet.read(part) for part in parts], ignore_index=True)
    made = [parquet.metadata(part) for part in parts]
    by_algorithm = {
        part.stem: {e: m.get(e) for e in ("settings", "code")} for part, m in zip(parts, made, strict=True)
    }
    metadata = provenance.metadata("searches", {}) | {"algorithms": json.dumps(by_algorithm, sort_keys=True)}
    parquet.write(output, frame, SCHEMA, KEY, metadata)

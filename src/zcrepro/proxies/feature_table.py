"""The columns of a table of features and of its timings, and the statuses of the scores."""

from collections.abc import Iterable, Sequence

import pandas as pd
import pyarrow as pa

AS = "as "
"""How a status begins that ends with the text of the architecture whose score this one has."""

NOT_COMPUTED = "not computed"
"""The status of a score that shards do not reach: nothing is known of it, as of an architecture not drawn."""

KEY = ["draw", "arch"]
"""What names a row."""

DRAWN_IMAGES = "standard normal, of no data set"
"""What the metadata say of a minibatch that was drawn in the shape of the task."""

PROBLEM = "problem"
"""The entry of the metadata that names the problem, as ``space/task``: the rows do not."""

TIMINGS = pa.schema([("arch", pa.string()), ("pass", pa.string()), ("seconds", pa.float64())])
"""The columns of a table of timings: the seconds that a pass took on an architecture."""

ROWS_PER_GROUP = 2048
"""Rows that are read together: a chunk of a large space reads a few of these groups."""

STATUS = pa.dictionary(pa.int32(), pa.string())
"""The type of a status. There are few different ones, and each is held in memory once."""


def feature_schema(proxies: Sequence[str]) -> pa.Schema:
    """Return the schema: arch, graph, draw, then a float64 column and a status column for each proxy."""
    columns = [("arch", pa.string()), ("graph", pa.string()), ("draw", pa.int64())]
    columns += [(name, pa.float64()) for name in proxies]
    return pa.schema(columns + [(f"{name}_status", STATUS) for name in proxies])


def proxies_in(columns: Iterable[str]) -> list[str]:
    """Return the proxies among the columns of a table of features."""
    names = set(columns)
    return [name for name in columns if f"{name}_status" in names]


def computed(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Return the rows for which every proxy called ``names`` was computed, whether or not it is defined.

    Published scores have no status: all their rows were.
    """
    statuses = [status for status in (f"{name}_status" for name in names) if status in frame]
    return frame[(frame[statuses] != NOT_COMPUTED).all(axis=1)]

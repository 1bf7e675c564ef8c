"""Which scores of a table of features there are: shards of a long computation may reach differently far."""

from collections.abc import Iterable

import pandas as pd

NOT_COMPUTED = "not computed"
"""The status of a score that shards do not reach: nothing is known of it, as of an architecture not drawn."""


def computed(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """The rows for which every proxy called ``names`` was computed, whether or not it is defined.

    Published scores have no status: all their rows were.
    """
    statuses = [status for status in (f"{name}_status" for name in names) if status in frame]
    return frame[(frame[statuses] != NOT_COMPUTED).all(axis=1)]

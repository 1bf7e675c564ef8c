"""Choose one source of published scores: several runs of the same authors are not mixed."""

from collections.abc import Sequence

import pandas as pd


def of_one_source(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the source that has most of the scores called ``names``.

    ``rows`` are of one task. Among sources with equally many scores, the one with more architectures is
    taken, and among those the first by name.
    """
    if "source" not in rows or rows["source"].nunique() <= 1:
        return rows

    def rank(source: str) -> tuple[int, int, str]:
        of = rows[rows["source"] == source]
        return -int(of[list(names)].notna().any().sum()), -len(of), source

    return rows[rows["source"] == min(rows["source"].unique(), key=rank)]

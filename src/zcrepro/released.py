"""Which of several published runs is read: scores of one source only, never of two together."""

from collections.abc import Sequence

import pandas as pd


def of_one_source(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """The rows, of one task, of the source that has most of the scores called ``names``.

    Between sources that have as many, the one with more architectures, then the first by name.
    """
    if "source" not in rows or rows["source"].nunique() <= 1:
        return rows

    def rank(source: str) -> tuple[int, int, str]:
        of = rows[rows["source"] == source]
        return -int(of[list(names)].notna().any().sum()), -len(of), source

    return rows[rows["source"] == min(rows["source"].unique(), key=rank)]

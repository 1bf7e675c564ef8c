"""Kendall's tau among some pairs of rows: those that are alike in something else."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zcrepro.ranking import _kernels


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows: in the order ``order``, each row is paired with those behind it up to its ``end``.

    Both are int64 arrays, (n,).
    """

    order: np.ndarray
    ends: np.ndarray

    def __len__(self) -> int:
        return int((self.ends - np.arange(len(self.ends)) - 1).sum())

    def kendall(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return Kendall's tau-b over these pairs, or NaN if none is untied in x, or none in y.

        With C concordant and D discordant pairs, it is (C - D) / sqrt(untied in x * untied in y).
        """
        x, y = (np.asarray(values, np.float64)[self.order] for values in (x, y))
        if np.isnan(x).any() or np.isnan(y).any():
            return math.nan
        difference, in_x, in_y = _kernels.pairs_of_spans(x, y, self.ends)
        return difference / math.sqrt(in_x * in_y) if in_x and in_y else math.nan


def of_equal(*columns: np.ndarray) -> Pairs:
    """Return the pairs of rows that are equal in every column."""
    codes = pd.MultiIndex.from_arrays(columns).factorize()[0].astype(np.int64)
    order = np.argsort(codes, kind="stable")
    return Pairs(order, np.searchsorted(codes[order], codes[order], side="right"))


def within(column: np.ndarray, share: float) -> Pairs:
    """Return the pairs of rows in which the larger value exceeds the smaller one by less than ``share``.

    The values are positive.
    """
    order = np.argsort(column, kind="stable")
    return Pairs(order, np.searchsorted(column[order], column[order] * (1 + share), side="left"))

"""Rank correlations.

A proxy is judged by the order in which it puts architectures, so only ranks count. Vectors without an order
(constant, with a NaN, or of fewer than two elements) have no correlation: the result is NaN, without a
warning.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

Statistic = Callable[[np.ndarray, np.ndarray], float]

PAIRS_UP_TO = 1024
"""Largest number of rows for which comparing all pairs is faster than scipy's n log n algorithm."""


def kendall(x: np.ndarray, y: np.ndarray) -> float:
    """Return Kendall's tau-b of two vectors of equal length, in [-1, 1], or NaN if it is undefined."""
    x, y = _vectors(x, y)
    if _has_no_order(x) or _has_no_order(y):
        return math.nan
    return float(stats.kendalltau(x, y).statistic)


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Return Spearman's rho of two vectors of equal length, in [-1, 1], or NaN if it is undefined."""
    x, y = _vectors(x, y)
    if _has_no_order(x) or _has_no_order(y):
        return math.nan
    a, b = (_centred_ranks(values) for values in (x, y))
    return float(np.clip(a @ b / math.sqrt((a @ a) * (b @ b)), -1, 1))


def mean_over_draws(statistic: Statistic) -> Statistic:
    """Return a statistic of scores of several draws, (draws, n): the mean of ``statistic`` over the draws."""
    return lambda x, y: float(np.mean([statistic(draw, y) for draw in x]))


class KendallWith:
    """Kendall's tau-b of many vectors x with one vector y.

    What depends on y only is computed once. For up to PAIRS_UP_TO rows the pairs are compared as one
    boolean matrix, which vector instructions handle; at 400 rows this is several times faster than scipy's
    n log n algorithm.

    The discordant pairs need no second comparison. Of the pairs with y untied, those tied in x but not in y
    number (tied in x) - (tied in both), and the rest are concordant or discordant, so

        discordant = untied in y - tied in x + tied in both - concordant.

    Then tau-b = (concordant - discordant) / sqrt(untied in x * untied in y). All counts are integers, so
    the result is exact up to the last division.
    """

    def __init__(self, y: np.ndarray) -> None:
        self._y = dense_ranks(np.asarray(y, np.float64))
        self._pairs = len(y) * (len(y) - 1) // 2
        self._untied = self._pairs - _tied_pairs(self._y)
        if len(y) <= PAIRS_UP_TO:
            self._below = _below(self._y)

    def __call__(self, ranks: np.ndarray) -> float:
        """Return tau-b of x and y from the ``dense_ranks`` of x, or NaN if it is undefined.

        Raises ValueError if x and y differ in length.
        """
        if len(ranks) != len(self._y):
            raise ValueError(f"{len(ranks)} ranks for {len(self._y)} rows")
        if len(ranks) > PAIRS_UP_TO:
            return kendall(ranks, self._y)
        tied = _tied_pairs(ranks)
        untied = self._pairs - tied
        if not untied or not self._untied:
            return math.nan
        # Ranks are below the number of rows, so this combination is one integer per pair of ranks.
        tied_in_both = _tied_pairs(ranks * len(self._y) + self._y) if tied else 0
        concordant = int(np.count_nonzero(_below(ranks) & self._below))
        discordant = self._untied - tied + tied_in_both - concordant
        return (concordant - discordant) / math.sqrt(untied * self._untied)


def dense_ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks 0, 1, 2, ... from the smallest value to the largest; equal values share a rank."""
    order = np.argsort(values)
    ordered = values[order]
    ranks = np.empty(len(values), np.int64)
    ranks[order] = np.concatenate(
        [np.zeros(min(1, len(values)), np.int64), np.cumsum(ordered[1:] != ordered[:-1])]
    )
    return ranks


def _vectors(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(
            f"a correlation needs two vectors of equal length, not shapes {x.shape} and {y.shape}"
        )
    return x, y


def _has_no_order(values: np.ndarray) -> bool:
    # Sorting would put a NaN last, as if it were the largest value.
    return len(values) < 2 or bool(np.isnan(values).any()) or bool((values == values[0]).all())


def _centred_ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks minus their mean, with equal values at the mean of their ranks."""
    ranks = dense_ranks(values)
    counts = np.bincount(ranks)
    middle = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(middle[ranks] - (len(values) + 1) / 2, np.float64)


def _below(ranks: np.ndarray) -> np.ndarray:
    """Return whether rank i is below rank j, (n, n)."""
    # With two bytes per rank, one vector instruction compares many.
    small = ranks.astype(np.int16)
    return np.asarray(small[:, np.newaxis] < small, np.bool_)


def _tied_pairs(values: np.ndarray) -> int:
    """Return the number of pairs of equal integers."""
    ordered = np.sort(values)
    edges = np.flatnonzero(ordered[1:] != ordered[:-1])
    if len(edges) == len(values) - 1:
        return 0
    sizes = np.diff(edges, prepend=-1, append=len(values) - 1)
    return int((sizes * (sizes - 1) // 2).sum())

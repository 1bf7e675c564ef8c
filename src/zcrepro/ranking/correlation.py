"""Rank correlations, and intervals that know that equal graphs are one observation.

A proxy is judged by how it orders architectures, so only ranks count. Input that has no order
(constant, or fewer than two rows) has no correlation: NaN, never a warning.
"""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

Statistic = Callable[[np.ndarray, np.ndarray], float]

PAIRS_UP_TO = 1024  # rows; above, the n log n count of scipy is faster than looking at all pairs


def kendall(x: np.ndarray, y: np.ndarray) -> float:
    """Kendall's tau-b of two vectors of equal length, in [-1, 1]; NaN where it is undefined."""
    x, y = _vectors(x, y)
    if _has_no_order(x) or _has_no_order(y):
        return math.nan
    return float(stats.kendalltau(x, y).statistic)


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rho of two vectors of equal length, in [-1, 1]; NaN where it is undefined."""
    x, y = _vectors(x, y)
    if _has_no_order(x) or _has_no_order(y):
        return math.nan
    a, b = (_centred_ranks(values) for values in (x, y))
    return float(np.clip(a @ b / math.sqrt((a @ a) * (b @ b)), -1, 1))


def mean_over_draws(statistic: Statistic) -> Statistic:
    """``statistic`` of scores that were drawn several times, (draws, n): the mean over the draws."""
    return lambda x, y: float(np.mean([statistic(draw, y) for draw in x]))


def interval(
    statistic: Statistic,
    x: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    resamples: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> tuple[float, float]:
    """The percentile bootstrap interval of ``statistic(x, y)`` over *groups* of rows.

    ``x`` is (n,), or (draws, n) for a statistic of several draws; ``y`` and ``groups`` are (n,).

    Equal graphs (equal ``groups``) come and go together: they were trained apart, but a proxy
    sees one network, so that rows drawn one by one would make the interval too narrow. Resamples
    whose statistic is undefined are left out; (NaN, NaN) where none is left.
    """
    if not len(groups) == len(y) == x.shape[-1]:
        raise ValueError(f"{len(groups)} groups and {x.shape[-1]} scores for {len(y)} rows")
    codes, distinct = pd.factorize(groups)
    rows_by_group = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=len(distinct))
    starts = np.cumsum(counts) - counts
    values = []
    for _ in range(resamples if len(distinct) > 1 else 0):
        drawn = rng.integers(len(distinct), size=len(distinct))
        rows = rows_by_group[_ranges(starts[drawn], counts[drawn])]
        values.append(statistic(x[..., rows], y[rows]))
    defined = np.array([value for value in values if not math.isnan(value)])
    if not len(defined):
        return math.nan, math.nan
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


class KendallWith:
    """Kendall's tau-b of many x with one y: whatever depends on y alone is computed once.

    It takes the dense ranks of x, since its caller has them. All pairs are looked at, one byte
    each: at 400 rows several times faster than the n log n count.
    """

    def __init__(self, y: np.ndarray) -> None:
        self._y = dense_ranks(np.asarray(y, np.float64))
        self._pairs = len(y) * (len(y) - 1) // 2
        self._untied = self._pairs - _tied_pairs(self._y)
        if len(y) <= PAIRS_UP_TO:
            self._below = _below(self._y)

    def __call__(self, ranks: np.ndarray) -> float:
        if len(ranks) != len(self._y):
            raise ValueError(f"{len(ranks)} ranks for {len(self._y)} rows")
        if len(ranks) > PAIRS_UP_TO:
            return kendall(ranks, self._y)
        tied = _tied_pairs(ranks)
        untied = self._pairs - tied
        if not untied or not self._untied:
            return math.nan
        tied_in_both = _tied_pairs(ranks * len(self._y) + self._y) if tied else 0
        concordant = int(np.count_nonzero(_below(ranks) & self._below))
        discordant = self._untied - tied + tied_in_both - concordant
        return (concordant - discordant) / math.sqrt(untied * self._untied)


def dense_ranks(values: np.ndarray) -> np.ndarray:
    """0 for the smallest value, 1 for the next larger one, and so on; equal values share a rank."""
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
    # A NaN is unequal to itself: such a vector counts as one without an order as well.
    return len(values) < 2 or bool(np.isnan(values).any()) or bool((values == values[0]).all())


def _centred_ranks(values: np.ndarray) -> np.ndarray:
    """Mid-ranks less their mean."""
    ranks = dense_ranks(values)
    counts = np.bincount(ranks)
    middle = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(middle[ranks] - (len(values) + 1) / 2, np.float64)


def _ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The integers of ``[start, start + count)`` for every pair, one range after the other."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(counts.sum())


def _below(ranks: np.ndarray) -> np.ndarray:
    # Two bytes a rank, so that one vector instruction compares many.
    small = ranks.astype(np.int16)
    return np.asarray(small[:, np.newaxis] < small, np.bool_)


def _tied_pairs(values: np.ndarray) -> int:
    """The number of pairs of equal integers."""
    ordered = np.sort(values)
    edges = np.flatnonzero(ordered[1:] != ordered[:-1])
    if len(edges) == len(values) - 1:
        return 0
    sizes = np.diff(edges, prepend=-1, append=len(values) - 1)
    return int((sizes * (sizes - 1) // 2).sum())

"""Rank correlations.

A proxy is judged by the order in which it puts architectures, so only ranks count. Vectors without an order
(constant, with a NaN, or of fewer than two elements) have no correlation: the result is NaN, without a
warning.
"""

import math
from collections.abc import Callable

import numpy as np

Statistic = Callable[[np.ndarray, np.ndarray], float]


def kendall(x: np.ndarray, y: np.ndarray) -> float:
    """Return Kendall's tau-b of two vectors of equal length, in [-1, 1], or NaN if it is undefined."""
    x, y = _vectors(x, y)
    if _has_no_order(x) or _has_no_order(y):
        return math.nan
    from scipy.stats import kendalltau  # takes most of a second to import, and few jobs need it

    return float(kendalltau(x, y).statistic)


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

"""Intervals of rank statistics: over architectures, over random draws, and from the number of rows alone."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt, Lt
from scipy import special

from zcrepro.ranking.correlation import Statistic


@dataclass(frozen=True, kw_only=True)
class Options:
    """How intervals are made; part of the configuration's sections ``generalization`` and ``report``."""

    resamples: Annotated[int, Ge(1)] = 200
    """Bootstrap samples of graphs for an interval."""

    level: Annotated[float, Gt(0), Lt(1)] = 0.95
    """Level of the intervals."""


def bootstrap(
    statistic: Statistic,
    x: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray,
    resamples: int,
    rng: np.random.Generator,
    level: float,
) -> tuple[float, float]:
    """Return the bootstrap interval of ``statistic(x, y)`` over groups of rows.

    Equal graphs form one group and are drawn together. They were trained apart, but a proxy sees one
    network, so that an interval from single rows would be too narrow.

    Parameters
    ----------
    statistic
        A function of scores and accuracies with values in [-1, 1], such as a rank correlation.
    x
        Scores, (n,), or (draws, n) for a statistic of several draws.
    y
        Accuracies, (n,).
    groups
        The graph of each row, (n,).
    resamples
        The number of resamples. Those with an undefined statistic are left out.
    rng
        The random stream that the groups are drawn from.
    level
        Coverage, for example 0.95.

    Returns
    -------
    tuple of float
        The ends of the interval; (NaN, NaN) if the statistic or every resample is undefined.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    if not len(groups) == len(y) == x.shape[-1]:
        raise ValueError(f"{len(groups)} groups and {x.shape[-1]} scores for {len(y)} rows")
    resampled = [statistic(x[..., rows], y[rows]) for rows in resampled_rows(groups, resamples, rng)]
    return centred(statistic(x, y), resampled, level)


def resampled_rows(groups: np.ndarray, number: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the rows of each resample of groups, int64: all rows of each group that was drawn.

    Nothing is yielded if there are fewer than two groups.
    """
    codes, distinct = pd.factorize(groups)
    rows_by_group = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=len(distinct))
    starts = np.cumsum(counts) - counts
    for _ in range(number if len(distinct) > 1 else 0):
        drawn = rng.integers(len(distinct), size=len(distinct))
        yield rows_by_group[_ranges(starts[drawn], counts[drawn])]


def centred(
    estimate: float, resampled: Sequence[float] | np.ndarray, level: float, lowest: float = -1.0
) -> tuple[float, float]:
    """Return the percentile interval of resampled values, shifted until their median is the estimate.

    A percentile interval can exclude the estimate. Copies of a row in a resample tie with each other, which
    biases a rank statistic, and the resamples of an absolute value near 0 all lie above it. The basic, the
    bias-corrected and, without skewness, the BCa interval exclude the estimate in the same cases: each
    holds it if and only if it lies between the same two quantiles of the resamples (Efron and Tibshirani
    1993, chapters 13 and 14). The median of the resamples always lies between these quantiles, so the
    shifted interval always holds the estimate. Its ends are clipped to [``lowest``, 1].

    ``resampled`` may contain NaN, which is ignored. The ends are NaN if nothing else is left, or if the
    estimate is NaN.
    """
    values = np.asarray(resampled, np.float64)
    values = values[~np.isnan(values)]
    if not len(values) or math.isnan(estimate):
        return math.nan, math.nan
    low, middle, high = np.quantile(values, [(1 - level) / 2, 0.5, (1 + level) / 2])
    low, high = np.clip([estimate + low - middle, estimate + high - middle], lowest, 1)
    return float(low), float(high)


def student_t(
    values: np.ndarray, level: float, further: float | np.ndarray = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of Student's t interval of the mean over the first axis.

    ``values`` has the shape (draws, ...), and each end the shape (...). The draws are taken for independent.
    ``further`` is a variance of the mean that the draws have in common, and do not show. One draw has no
    spread, so that the ends are NaN.
    """
    count, mean = len(values), np.mean(values, axis=0)
    if count < 2:
        return np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    error = np.sqrt(np.var(values, axis=0, ddof=1) / count + further)
    half = special.stdtrit(count - 1, (1 + level) / 2) * error
    return mean - half, mean + half


def normal_quantile(level: float) -> float:
    """Return the half-width, in standard errors, of a normal interval that covers ``level``."""
    return float(special.ndtri((1 + level) / 2))


def spearman_error(rho: float, n: int) -> float:
    """Return the standard error of Spearman's rho of ``n`` independent rows.

    Fisher's z of rho has the variance (1 + rho^2 / 2) / (n - 3), and d rho / d z is 1 - rho^2 (Bonett and
    Wright, Psychometrika 65, 2000, equation 7). Raises ValueError if ``n`` is below 5.
    """
    _check(n)
    return (1 - rho**2) * math.sqrt((1 + rho**2 / 2) / (n - 3))


def kendall_error(tau: float, n: int) -> float:
    """Return the standard error of Kendall's tau of ``n`` independent rows.

    Fisher's z of tau has the variance 0.437 / (n - 4), and d tau / d z is 1 - tau^2 (Fieller, Hartley and
    Pearson, Biometrika 44, 1957; Bonett and Wright, Psychometrika 65, 2000). Raises ValueError if ``n`` is
    below 5.
    """
    _check(n)
    return (1 - tau**2) * math.sqrt(0.437 / (n - 4))


def _check(n: int) -> None:
    if n < 5:
        raise ValueError(f"a rank correlation of {n} rows has no standard error; it needs at least 5")


def _ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the integers of ``[start, start + count)`` for every pair, one range after the other."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(counts.sum())

"""Rank correlations of many proxies with one accuracy, on the same resamples of graphs.

All proxies see the same resamples, so that the interval of a difference of two is a paired one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zcrepro.ranking.intervals import centred, resampled_rows
from zcrepro.ranking.with_one import KendallWith, SpearmanWith


@dataclass(frozen=True)
class Correlations:
    """Kendall's tau and Spearman's rho of several proxies.

    Attributes
    ----------
    by_draw
        Of each draw of the scores: (proxies, draws, 2).
    resampled
        The mean over the draws on each resample: (resamples, proxies, 2).
    level
        The coverage of intervals.
    """

    by_draw: np.ndarray
    resampled: np.ndarray
    level: float

    def value(self, proxy: int, statistic: int) -> float:
        """Return the mean over the draws."""
        return float(self.by_draw[proxy, :, statistic].mean())

    def interval(self, proxy: int, statistic: int) -> tuple[float, float]:
        """Return the bootstrap interval of ``value``."""
        return centred(self.value(proxy, statistic), self.resampled[:, proxy, statistic], self.level)

    def lead(self, proxy: int, rival: int) -> tuple[float, tuple[float, float]]:
        """Return Kendall's tau of a proxy minus the absolute tau of a rival, with its paired interval."""
        of_rival = self.value(rival, 0)
        sign = -1.0 if of_rival < 0 else 1.0
        differences = self.resampled[:, proxy, 0] - sign * self.resampled[:, rival, 0]
        lead = self.value(proxy, 0) - abs(of_rival)
        return lead, centred(lead, differences, self.level, lowest=-2.0)

    def best(self, among: Sequence[int]) -> int | None:
        """Return the proxy with the largest absolute tau, the first of equal ones; None if none has one."""
        taus = {proxy: abs(self.value(proxy, 0)) for proxy in among}
        defined = {proxy: tau for proxy, tau in taus.items() if not np.isnan(tau)}
        return max(defined, key=defined.__getitem__) if defined else None


def correlations(
    values: np.ndarray,
    accuracy: np.ndarray,
    graphs: np.ndarray,
    number: int,
    level: float,
    rng: np.random.Generator,
) -> Correlations:
    """Return the correlations of proxies with accuracy.

    Parameters
    ----------
    values
        Scores without NaN, (proxies, draws, n).
    accuracy, graphs
        The accuracy and the graph of each architecture, (n,).
    number
        The number of resamples of graphs.
    level
        Coverage, for example 0.95.
    rng
        The random stream that the graphs are drawn from.
    """
    resampled = [
        _both(values[..., rows], accuracy[rows]).mean(axis=1) for rows in resampled_rows(graphs, number, rng)
    ]
    shape = (0, len(values), 2)
    return Correlations(_both(values, accuracy), np.stack(resampled) if resampled else np.empty(shape), level)


def _both(values: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Return tau and rho of each proxy and draw, (proxies, draws, 2)."""
    kendall, spearman = KendallWith(accuracy), SpearmanWith(accuracy)

    def both(scores: np.ndarray) -> tuple[float, float]:
        order = kendall.order(scores)
        # Both sort alike, so that one order serves both.
        return (math.nan, math.nan) if order is None else (kendall.of(order), spearman.of(order))

    return np.array([[both(scores) for scores in of_proxy] for of_proxy in values])

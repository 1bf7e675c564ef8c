"""Estimate a statistic of a whole population over several draws, of which only the first is complete.

Draws of the initial weights differ little, while a sample of architectures differs much from all of them. So
the value of a later draw on all architectures is taken to be that of the first draw, plus the difference of
the two on the sample that both have scored: a difference estimator (Cochran, Sampling Techniques, 1977,
chapter 7). The choice of the sample changes both alike, and nearly cancels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zcrepro.proxies.feature_table import computed
from zcrepro.ranking.correlation import Statistic
from zcrepro.ranking.intervals import resampled_rows
from zcrepro.report import _scored
from zcrepro.report.context import Context


@dataclass(frozen=True)
class Whole:
    """The scores of the first draw on a whole population, and those of each draw on a sample of it.

    Attributes
    ----------
    scores, accuracy
        The defined scores of the first draw, (columns, n), and the accuracies, (n,).
    draws
        The scores of each draw on the sample, the first draw among them, (draws, columns, m).
    sampled_accuracy, graphs
        The accuracies and the graphs of the sample, (m,).
    """

    scores: np.ndarray
    accuracy: np.ndarray
    draws: np.ndarray
    sampled_accuracy: np.ndarray
    graphs: np.ndarray

    @property
    def note(self) -> str:
        """Return a note on the later draws."""
        return (
            f"of draws after the first, a random sample of {len(self.sampled_accuracy):,}: their differences "
            "from the first draw there are added to its value on all"
        )

    def estimate(
        self, statistic: Statistic, context: Context, *key: str | int
    ) -> tuple[list[float], tuple[float, float]]:
        """Return the estimated statistic of each draw on all architectures, and an interval of their mean.

        The interval is Student's t over the draws. The variance of the mean difference over samples of
        graphs is added to theirs, from the random stream of ``key``.
        """
        of_all = statistic(self.scores, self.accuracy)
        sampled = [statistic(draw, self.sampled_accuracy) for draw in self.draws]
        by_draw = [of_all + each - sampled[0] for each in sampled]
        rows = resampled_rows(self.graphs, context.resamples, context.rng(*key))
        variance = np.nanvar([self._difference(statistic, chosen) for chosen in rows], ddof=1)
        return by_draw, context.student_t(np.array(by_draw), float(variance))

    def _difference(self, statistic: Statistic, rows: np.ndarray) -> float:
        """Return how far the mean over the draws is above the first draw, on some rows of the sample."""
        values = [statistic(draw[:, rows], self.sampled_accuracy[rows]) for draw in self.draws]
        return float(np.mean(values)) - values[0]


def whole(draws: Sequence[pd.DataFrame], columns: Sequence[str], total: int) -> Whole | None:
    """Return the scores of a population of ``total`` architectures if only the first draw is complete.

    ``draws`` are joined with accuracies. Returns None if a later draw is complete too, or the first is not.
    """
    first = computed(draws[0], columns)
    common = _scored.of_every_draw(draws, columns)
    if len(first) < total or len(common) == 1 or len(common[0]) == total:
        return None
    scores, accuracy, _ = _scored.defined([first], columns)
    return Whole(scores[0], accuracy, *_scored.defined(common, columns))

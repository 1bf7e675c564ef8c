"""What a table and a figure get: their inputs, and the random streams and settings of intervals."""

from dataclasses import dataclass

import numpy as np

from zcrepro import seeds
from zcrepro.ranking import intervals
from zcrepro.ranking.correlation import Statistic
from zcrepro.report._inputs import Inputs


@dataclass(frozen=True)
class Context:
    """The inputs of a table or figure, and how its intervals are made.

    ``seed`` is the root of all random streams, ``resamples`` the number of a bootstrap's, and ``level`` the
    coverage of every interval.
    """

    inputs: Inputs
    seed: int
    resamples: int
    level: float

    def rng(self, *key: str | int) -> np.random.Generator:
        """Return the random stream of ``key``; equal keys give equal streams."""
        return seeds.numpy_generator(self.seed, "table", *key)

    def bootstrap(
        self, statistic: Statistic, x: np.ndarray, y: np.ndarray, graphs: np.ndarray, *key: str | int
    ) -> tuple[float, float]:
        """Return the bootstrap interval over graphs, from the random stream of ``key``."""
        return intervals.bootstrap(statistic, x, y, graphs, self.resamples, self.rng(*key), self.level)

    def student_t(self, values: np.ndarray, further: float = 0.0) -> tuple[float, float]:
        """Return Student's t interval of the mean of ``values``, (draws,); NaN for a single one.

        ``further`` is a variance that all values have in common.
        """
        low, high = intervals.student_t(values, self.level, further)
        return float(low), float(high)

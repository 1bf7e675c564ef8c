"""Zen-score: the expressivity of the network under standard normal weights.

Lin et al. (ICCV 2021): the logarithm of how far a small perturbation of the input moves the features before
pooling, plus the logarithms of the scales that the BatchNorms divided out. Higher is better.
"""

from math import log

from zcrepro.proxies._passes.zen import ZEN, ZenRecord, required_difference
from zcrepro.proxies.base import Proxy


def zen(record: ZenRecord) -> float:
    """Return the log distance plus half the log mean variance of each BatchNorm."""
    return log(required_difference(record)) + sum(log(variance) / 2 for variance in record.variances)


PROXY = Proxy(
    name="zen",
    runs_in=ZEN,
    needs=frozenset(),
    formula=r"\log E\|f(x) - f(x + \gamma\epsilon)\|_1 + \sum_l \log\sqrt{\overline{\sigma^2_l}}",
    citation="Lin et al., Zen-NAS, ICCV 2021",
    direction="higher",
    compute=zen,
)

"""The proxies of ZCP (Abdelfattah et al., ICLR 2021), and how ours differ from those of its code."""

from collections.abc import Container

import numpy as np

from zcrepro.ranking.correlation import mean_over_draws, spearman
from zcrepro.report.context import Context

PROXIES = {
    "grad_norm": "grad_norm",
    "snip": "snip",
    "grasp": "grasp",
    "fisher": "fisher",
    "synflow": "synflow_zcp",
    "jacob_cov": "jacov",
}
"""The paper's names of the proxies, and our names of what the paper's code computes."""

STAND_INS = {"synflow_zcp": "synflow"}
"""The proxy that is shown instead if a source lacks one."""

STAND_IN_NOTE = (
    "synflow without BatchNorm, as NASLib defines it, while the paper's code keeps it in the reduction blocks"
)

PLAIN_NETWORKS = (
    "plain networks, while the paper's carry all five operations on every edge and biased convolutions"
)

NOTES = {
    "jacob_cov": "jacov as NASLib defines it",
    "fisher": "biased convolutions that read zeros raise it for poor networks of the paper: docs/proxies.md",
}
"""What differs from the paper for one proxy, by the paper's name of it."""


def abs_spearman(
    draws: np.ndarray,
    accuracy: np.ndarray,
    graphs: np.ndarray,
    context: Context,
    *key: str,
    whole: bool = False,
) -> tuple[list[float], tuple[float, float]]:
    """Return the absolute value of Spearman's rho of each draw, as the paper reports it, and an interval.

    Parameters
    ----------
    draws
        The scores of each draw, (draws, n).
    accuracy, graphs
        (n,).
    context
        The settings of intervals.
    key
        The key of the random stream of the bootstrap.
    whole
        Whether the architectures are a whole population. The interval of the mean over the draws is then over
        draws, and otherwise over graphs.
    """
    rhos = [spearman(draw, accuracy) for draw in draws]
    by_draw = [abs(rho) for rho in rhos]
    if whole:
        return by_draw, context.student_t(np.array(by_draw))
    # Turned so that each draw correlates positively: resamples of an absolute value near 0 would all lie
    # above it, those of the correlation itself lie on both sides.
    turned = np.stack([draw if rho >= 0 else -draw for draw, rho in zip(draws, rhos, strict=True)])
    low, high = context.bootstrap(mean_over_draws(spearman), turned, accuracy, graphs, *key)
    return by_draw, (max(low, 0.0), high)


def shown(name: str, columns: Container[str]) -> str:
    """Return the proxy, or its stand-in if the source lacks it."""
    return name if name in columns else STAND_INS.get(name, name)

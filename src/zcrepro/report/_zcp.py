"""The proxies and the vote of ZCP (Abdelfattah et al., ICLR 2021), and how ours differ from its code."""

import operator
from collections.abc import Container

import numpy as np

from zcrepro.ranking import vote
from zcrepro.ranking.correlation import Statistic, mean_over_draws, spearman
from zcrepro.report.context import Context
from zcrepro.report.entry import ALL

PROXIES = {
    "grad_norm": "grad_norm",
    "snip": "snip",
    "grasp": "grasp",
    "fisher": "fisher",
    "synflow": "synflow_zcp",
    "jacob_cov": "jacov",
}
"""The paper's names of the proxies, and our names of what the paper's code computes."""

VOTERS = ("synflow_zcp", "jacov", "snip")
"""Our names of the three proxies that vote."""

PAIRS, RANK_SUM = "vote (pairs)", "vote (rank sum)"
METRICS_OF_VOTES = {PAIRS: "pair_agreement", RANK_SUM: "abs_spearman"}

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

OF_VOTES = {
    PAIRS: "a share of pairs, though the paper labels it a rank correlation: 2p - 1 compares with Kendall",
    RANK_SUM: "what the vote of the same three proxies is as a rank correlation",
}


def shown(name: str, columns: Container[str]) -> str:
    """Return the proxy, or its stand-in if the source lacks it."""
    return name if name in columns else STAND_INS.get(name, name)


def statistic(row: str, scores: np.ndarray, accuracy: np.ndarray) -> Statistic:
    """Return the statistic of a proxy or a vote, a function of scores, (columns, n), and accuracies, (n,).

    Spearman's rho has the sign that makes it positive on the given ``scores`` and ``accuracy``.
    """
    if row == PAIRS:
        return vote.pair_agreement
    ranked = vote.rank_sum if row == RANK_SUM else operator.itemgetter(0)
    sign = -1.0 if spearman(ranked(scores), accuracy) < 0 else 1.0
    return lambda scores, accuracy: sign * spearman(ranked(scores), accuracy)


def correlated(
    row: str,
    scores: np.ndarray,
    accuracy: np.ndarray,
    graphs: np.ndarray,
    relation: str,
    context: Context,
    *key: str,
) -> tuple[list[float], tuple[float, float]]:
    """Return the value of a proxy or a vote for each draw of the scores, and the interval of their mean.

    ``scores``, (draws, columns, n), are those of the proxy, or of the three that vote. The interval is over
    draws if the ``relation`` is ALL, and over graphs from the random stream of ``key`` otherwise.
    """
    if row == PAIRS:
        agreements = [vote.pair_agreement(draw, accuracy) for draw in scores]
        if relation == ALL:
            return agreements, context.student_t(np.array(agreements))
        drawn = context.resamples, context.rng(*key), context.level
        return agreements, vote.pair_agreement_interval(list(scores), accuracy, graphs, *drawn)
    values = np.stack([vote.rank_sum(draw) if row == RANK_SUM else draw[0] for draw in scores])
    return abs_spearman(values, accuracy, graphs, context, *key, whole=relation == ALL)


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

"""The vote of three proxies, which Abdelfattah et al. (ICLR 2021) report beside rank correlations.

It is no rank correlation. Over all ordered pairs of architectures with different accuracy it is the
share in which the proxies' majority names the better one: .5 for a coin, and 2p - 1 is what compares
with Kendall's tau. As in the authors' notebook a proxy that sees no difference votes against the
first of the pair, so that a pair that all proxies tie on counts one half.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from zcrepro.ranking.correlation import dense_ranks, spearman

BLOCK = 256  # rows compared with all others at a time: memory grows with n, not with n squared


def pair_agreement(scores: np.ndarray, accuracy: np.ndarray) -> float:
    """The share of ordered pairs in which the majority is right; NaN where all accuracies are equal.

    ``scores``: (proxies, architectures), larger is better, without NaN; ``accuracy``: (architectures,).
    """
    right = pairs = 0
    for _, agrees, differs in _blocks(scores, accuracy):
        right += int(np.count_nonzero(agrees))
        pairs += int(np.count_nonzero(differs))
    return right / pairs if pairs else math.nan


def pair_agreement_interval(
    draws: Sequence[np.ndarray],
    accuracy: np.ndarray,
    groups: np.ndarray,
    resamples: int,
    rng: np.random.Generator,
    level: float,
) -> tuple[float, float]:
    """The percentile bootstrap interval of ``pair_agreement`` over groups of architectures.

    ``draws`` holds the scores of each draw, and the interval is that of the mean over them. A
    resample gives each architecture a weight, how often its group was drawn, and each pair the
    product of two. So the pairs are compared once for all resamples. (NaN, NaN) where it is undefined.
    """
    weights = _weights(groups, resamples, rng)
    right, pairs = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
    blocks = (block for scores in draws for block in _blocks(scores, accuracy))
    for rows, agrees, differs in blocks:
        # Single precision is exact here: sums of small integers, far below 2**24.
        for total, matrix in ((right, agrees), (pairs, differs)):
            total += np.einsum(
                "ij,ij->j", weights[rows], matrix.astype(np.float32) @ weights, dtype=np.float64
            )
    defined = pairs > 0
    if not defined.any():
        return math.nan, math.nan
    low, high = np.quantile(right[defined] / pairs[defined], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def rank_sum(scores: np.ndarray) -> np.ndarray:
    """The sum over the proxies of each architecture's rank, ties sharing theirs: (architectures,)."""
    return np.asarray(pd.DataFrame(scores.T).rank().sum(axis=1).to_numpy(np.float64))


def rank_sum_spearman(scores: np.ndarray, accuracy: np.ndarray) -> float:
    """Spearman's rho of the rank sum: what the vote would be as the rank correlation it is labelled."""
    return spearman(rank_sum(scores), accuracy)


def _blocks(scores: np.ndarray, accuracy: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """For every block of rows: where the majority is right, and where the accuracies differ."""
    count = len(accuracy)
    if scores.ndim != 2 or scores.shape[1] != count:
        raise ValueError(f"scores of shape {scores.shape} for {count} architectures")
    if np.isnan(scores).any() or np.isnan(accuracy).any():
        raise ValueError("a vote needs scores and accuracies without NaN; leave those rows out before")
    voters, truth = [_compact(row) for row in scores], _compact(accuracy)
    for start in range(0, count, BLOCK):
        rows = slice(start, min(start + BLOCK, count))
        votes = sum(_above(voter, rows).astype(np.int8) for voter in voters)
        better = _above(truth, rows)
        differs = truth[rows, np.newaxis] != truth
        yield rows, ((2 * votes >= len(voters)) == better) & differs, differs


def _compact(values: np.ndarray) -> np.ndarray:
    """Ranks in as few bytes as they need, so that one vector instruction compares many."""
    ranks = dense_ranks(np.asarray(values, np.float64))
    return ranks.astype(np.int16 if len(ranks) < 2**15 else np.int32)


def _above(ranks: np.ndarray, rows: slice) -> np.ndarray:
    return np.asarray(ranks[rows, np.newaxis] > ranks, np.bool_)


def _weights(groups: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each architecture's group was drawn, (architectures, resamples)."""
    codes, distinct = pd.factorize(groups)
    drawn = [
        np.bincount(rng.integers(len(distinct), size=len(distinct)), minlength=len(distinct))
        for _ in range(resamples)
    ]
    return np.stack(drawn, axis=1)[codes].astype(np.float32)

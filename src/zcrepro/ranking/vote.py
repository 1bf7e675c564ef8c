"""The vote of three proxies, which Abdelfattah et al. (ICLR 2021) report beside rank correlations.

Over all ordered pairs of architectures with different accuracy, it is the share in which the majority of
the proxies names the better one. It is not a rank correlation: a random vote has 1/2, and 2p - 1 is
comparable with Kendall's tau. As in the authors' notebook, a proxy that ties on a pair votes against the
first of the two. Each pair occurs in both orders, so one that all proxies tie on counts one half.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from zcrepro.ranking.correlation import dense_ranks
from zcrepro.ranking.intervals import centred

BLOCK = 256
"""Number of rows that are compared with all others at a time, so that memory grows with n instead of n^2."""


def pair_agreement(scores: np.ndarray, accuracy: np.ndarray) -> float:
    """Return the share of ordered pairs in which the majority is right, or NaN if all accuracies are equal.

    ``scores`` is (proxies, architectures), higher is better; ``accuracy`` is (architectures,).

    Raises ValueError if the shapes differ or if there is a NaN.
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
    """Return the bootstrap interval of ``pair_agreement``, with groups of architectures resampled.

    A resample gives each architecture a weight w, the number of times its group was drawn, and each pair
    the product w_i w_j. With the boolean matrix A of right pairs, the number of right pairs in the resample
    is w^T A w. So pairs are compared once for all resamples, block by block, and the resamples are columns
    of one matrix product.

    Parameters
    ----------
    draws
        The scores of each draw, (proxies, architectures), higher is better. The interval is that of the
        mean over draws.
    accuracy
        (architectures,).
    groups
        The group of each architecture, (architectures,). Architectures with equal graphs belong to one group.
    resamples
        Number of bootstrap resamples.
    rng
        The generator that resamples are drawn from.
    level
        Coverage, in (0, 1).

    Returns
    -------
    tuple
        The lower and upper end, or NaN twice if no resample has a pair with different accuracies.
    """
    weights = _weights(groups, resamples, rng)
    right, pairs = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
    blocks = (block for scores in draws for block in _blocks(scores, accuracy))
    for rows, agrees, differs in blocks:
        # float32 is exact here, because the sums are integers far below 2^24.
        for total, matrix in ((right, agrees), (pairs, differs)):
            total += np.einsum(
                "ij,ij->j", weights[rows], matrix.astype(np.float32) @ weights, dtype=np.float64
            )
    estimate = float(np.mean([pair_agreement(scores, accuracy) for scores in draws]))
    defined = pairs > 0
    return centred(estimate, right[defined] / pairs[defined], level)


def rank_sum(scores: np.ndarray) -> np.ndarray:
    """Return the sum over proxies of the ranks, (architectures,); ties share their mean rank."""
    return np.asarray(pd.DataFrame(scores.T).rank().sum(axis=1).to_numpy(np.float64))


def log_rank_sum(scores: np.ndarray) -> np.ndarray:
    """Return the sum over proxies of the logarithms of the ranks, (architectures,).

    A low rank by one proxy counts for more than a high rank by another (AZ-NAS, Lee and Ham, CVPR 2024).
    """
    return np.asarray(np.log(pd.DataFrame(scores.T).rank()).sum(axis=1).to_numpy(np.float64))


def _blocks(scores: np.ndarray, accuracy: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield each block of rows with two boolean matrices, (rows, architectures).

    The first says where the majority is right, the second where the accuracies differ.
    """
    count = len(accuracy)
    if scores.ndim != 2 or scores.shape[1] != count:
        raise ValueError(f"scores of shape {scores.shape} for {count} architectures")
    if np.isnan(scores).any() or np.isnan(accuracy).any():
        raise ValueError("a vote needs scores and accuracies without NaN; drop those rows first")
    voters, truth = [_compact(row) for row in scores], _compact(accuracy)
    for start in range(0, count, BLOCK):
        rows = slice(start, min(start + BLOCK, count))
        votes = sum(_above(voter, rows).astype(np.int8) for voter in voters)
        better = _above(truth, rows)
        differs = truth[rows, np.newaxis] != truth
        yield rows, ((2 * votes >= len(voters)) == better) & differs, differs


def _compact(values: np.ndarray) -> np.ndarray:
    """Return ranks in as few bytes as they need, so that one vector instruction compares many."""
    ranks = dense_ranks(np.asarray(values, np.float64))
    return ranks.astype(np.int16 if len(ranks) < 2**15 else np.int32)


def _above(ranks: np.ndarray, rows: slice) -> np.ndarray:
    """Return whether the rank of each row is above that of each architecture, (rows, architectures)."""
    return np.asarray(ranks[rows, np.newaxis] > ranks, np.bool_)


def _weights(groups: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Return how often the group of each architecture was drawn, (architectures, resamples)."""
    codes, distinct = pd.factorize(groups)
    drawn = [
        np.bincount(rng.integers(len(distinct), size=len(distinct)), minlength=len(distinct))
        for _ in range(resamples)
    ]
    return np.stack(drawn, axis=1)[codes].astype(np.float32)

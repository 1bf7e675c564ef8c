"""VKDNW: how evenly the Fisher information spreads over the directions of the weights.

Tybl and Neumann (CVPR 2025, variance of knowledge of deep network weights): the entropy of the deciles of
the spectrum of the Fisher matrix, normalised to sum one. Higher is better. Noise through Kaiming weights,
drawn by the seed, in evaluation mode: the score sees the shape of the batch but not its images. The matrix
is of the first weight of each of the first 128 parameter tensors, and the label probabilities are smoothed
by 0.05, as in the released code.

The Fisher matrix of the paper is the mean of J' C J, with J the Jacobian of the logits and C the covariance
of the label. The released code, followed here, takes the root L of C (L L' = C) from the wrong side: it
averages (L J)' (L J). Sums are in float64. The released code keeps the smoothing constant in half precision,
so that its probabilities sum to 1.00017; this moves scores by up to 6 percent, and is not followed.

``layers`` is the size that the paper ranks by first, and by this score among equals.

Cost: a backward to the activations for each class; 13 forwards with 10 classes, over 100 with 100."""

import torch

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.proxies._passes.fisher_matrix import FISHER_MATRIX, FisherMatrix
from zcrepro.proxies.base import Proxy

STABILITY = 1e-10


def vkdnw(record: FisherMatrix) -> float:
    """The entropy of the nine deciles of the eigenvalues."""
    if not record.matrix.isfinite().all():
        raise UndefinedScoreError("the Fisher matrix is not finite")
    levels = torch.arange(1, 10).to(record.matrix) / 10
    deciles = torch.linalg.svdvals(record.matrix).quantile(levels)
    if not deciles.any():
        raise UndefinedScoreError("the spectrum of the Fisher matrix is zero at every decile")
    shares = deciles / (deciles.sum() + STABILITY)
    return -float((shares * (shares + STABILITY).log()).sum())


PROXY = Proxy(
    name="vkdnw",
    runs_in=FISHER_MATRIX,
    needs=frozenset(),
    formula=r"-\sum_{k=1}^{9} \tilde\lambda_k \log \tilde\lambda_k, \quad"
    r" \tilde\lambda_k = \lambda_{k/10} / \sum_j \lambda_{j/10}",
    citation="Tybl and Neumann, VKDNW, CVPR 2025",
    direction="higher",
    compute=vkdnw,
)

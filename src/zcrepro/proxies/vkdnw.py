"""VKDNW: how evenly the Fisher information spreads over the directions of the weights.

Tybl and Neumann (CVPR 2025, variance of knowledge of deep network weights): the entropy of the deciles of
the spectrum of the Fisher matrix, normalised to sum to one. Higher is better. As in the released code,
noise runs through Kaiming weights in evaluation mode. Both are drawn from the seed, so the score depends on
the shape of the batch, but not on its images. The matrix is that of the first weight of each of the first
128 parameter tensors, and the label probabilities are smoothed by 0.05.

The Fisher matrix of the paper is the mean of J^T C J, with J the Jacobian of the logits and C the
covariance of the label. The released code, followed here, multiplies by the root L of C (L L^T = C) from
the other side: it averages (L J)^T (L J). Sums are in float64. The released code holds the smoothing
constant in half precision, so that its probabilities sum to 1.00017. That changes scores by up to 6 percent
and is not followed.

``layers`` is the size by which the paper ranks first; this score decides between equal sizes.

Cost: one backward to the activations per class: 13 forwards with 10 classes, over 100 with 100.
"""

import torch

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.proxies._passes.fisher_matrix import FISHER_MATRIX, FisherMatrix
from zcrepro.proxies.base import Proxy

STABILITY = 1e-10


def vkdnw(record: FisherMatrix) -> float:
    """Return the entropy of the nine deciles of the eigenvalues, in nats; at most ln(9)."""
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

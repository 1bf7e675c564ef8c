"""Jacobian covariance: how differently the network treats the images of a batch.

Mellor et al. (2020, first version of NASWOT), with k = 1e-5 for stability. The eigenvalues are taken
with a solver for symmetric matrices; the peers' general solver differs in the last digits, which
shows where the matrix is nearly singular. NaN where the sum of the logits is constant, as in NAS-Bench-301
and TransNAS-Bench-101, so that its gradient is rounding errors, which the peers correlate."""

import torch

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.proxies._passes.gradients import (
    GRADIENTS,
    GradientRecord,
    required_jacobian,
)
from zcrepro.proxies.base import Proxy

STABILITY = 1e-5


def jacov(record: GradientRecord) -> float:
    """From the eigenvalues of the correlation matrix of the images' Jacobians, in float64."""
    if len(record.labels) < 2:
        raise UndefinedScoreError("a batch of one has nothing to correlate")
    correlations = torch.corrcoef(required_jacobian(record).double())
    if not correlations.isfinite().all():
        raise UndefinedScoreError("an image has a constant Jacobian, so its correlation is undefined")
    eigenvalues = torch.linalg.eigvalsh(correlations) + STABILITY
    return -float((eigenvalues.log() + 1 / eigenvalues).sum())


PROXY = Proxy(
    name="jacov",
    runs_in=GRADIENTS,
    needs=frozenset({"jacobian"}),
    formula=r"-\sum_i \left[\log(\lambda_i + k) + (\lambda_i + k)^{-1}\right]",
    citation="Mellor et al., Neural Architecture Search without Training, 2020",
    direction="higher",
    compute=jacov,
    counts_dead=False,
)

"""Jacobian covariance: how differently the network treats the images of a batch.

Mellor et al. (2020, the first version of NASWOT), with k = 1e-5 for stability. Higher is better. The
eigenvalues are computed by a solver for symmetric matrices. The general solver of the peers differs in the
last digits, which is visible if the matrix is nearly singular.

The score is undefined if the sum of the logits is constant, as in NAS-Bench-301 and TransNAS-Bench-101. Its
gradient then consists of rounding errors, which the peers correlate.
"""

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
    """Return the score from the eigenvalues of the correlations between images, in float64."""
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

"""NASWOT: the log-determinant of the kernel of ReLU activation patterns.

Mellor et al. (ICML 2021). Higher is better. The kernel counts in how many units two images are both active
or both inactive. The score is undefined if the kernel is singular; the peers report a value made of
rounding errors.

Every ReLU counts once, whether it is a module, a function or a method. NASLib counts every module whose
class has ReLU in its name. On TransNAS-Bench-101 it therefore counts a block beside the ReLU inside, and
its values differ from ours by 4 to 5 percent.
"""

import torch

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import require_finite_logits
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord
from zcrepro.proxies.base import Proxy


def nwot(record: GradientRecord) -> float:
    """Return the logarithm of the determinant.

    It is undefined if there is no ReLU, if a logit is not finite, or if the kernel is singular. The kernel is
    singular if two images agree in every unit, or if there are fewer units than images by two or more.
    """
    kernel = record.relu_kernel
    if kernel is None:
        raise UndefinedScoreError("the network runs no ReLU")
    require_finite_logits(record.logits)
    if torch.linalg.matrix_rank(kernel, hermitian=True) < len(kernel):
        raise UndefinedScoreError("the kernel is singular: the images switch too few units differently")
    return float(torch.linalg.slogdet(kernel).logabsdet)


PROXY = Proxy(
    name="nwot",
    runs_in=GRADIENTS,
    needs=frozenset({"relu_kernel"}),
    formula=r"\log\left|\det \sum_l \left(C_l C_l^\top + (1-C_l)(1-C_l)^\top\right)\right|",
    citation="Mellor et al., Neural Architecture Search without Training, ICML 2021",
    direction="higher",
    compute=nwot,
)

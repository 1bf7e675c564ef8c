"""NASWOT: log-determinant of the kernel of ReLU activation patterns.

Mellor et al. (ICML 2021): two images are alike in as many units as both switch on or both off. NaN where
the kernel is singular, of which the peers report what rounding leaves.

Every ReLU counts once, be it a module, a function or a method. NASLib counts every module whose class has
ReLU in its name, so that on TransNAS-Bench-101 a block counts beside the ReLU inside it: its values there are
4 to 5 percent apart."""

import torch

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord
from zcrepro.proxies.base import Proxy


def nwot(record: GradientRecord) -> float:
    """Undefined without ReLUs, and where the kernel is singular.

    So it is where two images switch every unit alike, or where the units are fewer than the images by
    two or more.
    """
    kernel = record.relu_kernel
    if kernel is None:
        raise UndefinedScoreError("the network runs no ReLU")
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

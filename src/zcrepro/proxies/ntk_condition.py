"""Condition number of the neural tangent kernel: how unevenly the network would learn a batch.

Chen et al. (TE-NAS, ICLR 2021). Lower is better. As in the released code, the network is in training mode,
and the gradients are those of the sum of an image's logits with respect to all parameters named weight,
including those of BatchNorm.

The kernel is of the first 16 images, the default of the released code. Its launcher takes 72 on
NAS-Bench-201, with a supernet of three channels. The released code averages three Kaiming initialisations;
here the network has its own weights. The kernel is summed in float64 instead of float32. If the output of
the last BatchNorm is pooled at once, the logits of a batch have a constant sum, and the kernel is singular.

Cost: grows with the square of the number of images, because BatchNorm couples them. 16 images cost 6
forwards of a batch of 64, and 72 would cost over 100.
"""

import torch

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.proxies._passes.tangent_kernel import TANGENT_KERNEL, TangentKernel
from zcrepro.proxies.base import Proxy


def ntk_condition(record: TangentKernel) -> float:
    """Return the largest eigenvalue divided by the smallest."""
    if len(record.kernel) < 2:
        raise UndefinedScoreError("a batch of one has a kernel of one value")
    if not record.kernel.isfinite().all():
        raise UndefinedScoreError("the kernel is not finite")
    eigenvalues = torch.linalg.eigvalsh(record.kernel)
    # Rounding moves the singular values of the matrix of gradients by up to ``rounding`` times the largest.
    # Eigenvalues of the kernel are their squares, so those below the square of ``rounding`` are not resolved.
    rounding = max(record.rounding**2, len(eigenvalues) * torch.finfo(eigenvalues.dtype).eps)
    if eigenvalues[0] <= rounding * eigenvalues[-1]:
        raise UndefinedScoreError("the kernel is singular")
    return float(eigenvalues[-1] / eigenvalues[0])


PROXY = Proxy(
    name="ntk_condition",
    runs_in=TANGENT_KERNEL,
    needs=frozenset(),
    formula=r"\lambda_{\max}(\Theta) / \lambda_{\min}(\Theta), \quad"
    r" \Theta_{ij} = \left\langle \nabla_W f(x_i), \nabla_W f(x_j) \right\rangle",
    citation="Chen et al., TE-NAS, ICLR 2021",
    direction="lower",
    compute=ntk_condition,
    counts_dead=False,
)

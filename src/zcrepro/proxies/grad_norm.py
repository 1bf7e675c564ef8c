"""Gradient norm: the sum over layers of the L2 norm of the gradient of the loss.

Abdelfattah et al. (ICLR 2021). Higher is better.
"""

from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord
from zcrepro.proxies.base import Proxy


def grad_norm(record: GradientRecord) -> float:
    """Return the sum of the norms; a norm is in the dtype of the weights, the sum in float64."""
    return sum(on_host(gradient.norm() for gradient in record.weight_gradients))


PROXY = Proxy(
    name="grad_norm",
    runs_in=GRADIENTS,
    needs=frozenset({"weight_gradients"}),
    formula=r"\sum_l \left\|\partial L/\partial W_l\right\|_2",
    citation="Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021",
    direction="higher",
    compute=grad_norm,
    counts_dead=False,
)

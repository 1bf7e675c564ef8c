"""GraSP: how much the gradient flow would change without each weight.

Wang et al. (ICLR 2020), at temperature 1. Higher is better. The same batch serves for both derivatives, as
in both peer implementations.
"""

from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord
from zcrepro.proxies.base import Proxy


def grasp(record: GradientRecord) -> float:
    """Return the sum over layers; a layer is summed in the dtype of its weights, the layers in float64."""
    return -sum(on_host(record.along_hessian_gradient))


PROXY = Proxy(
    name="grasp",
    runs_in=GRADIENTS,
    needs=frozenset({"hessian_gradient"}),
    formula=r"-\sum_l \sum W_l \odot (H g)_l",
    citation="Wang et al., GraSP, ICLR 2020",
    direction="higher",
    compute=grasp,
    counts_dead=False,
)

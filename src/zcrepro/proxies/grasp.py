"""GraSP: how much the gradient flow would change without each weight.

Wang et al. (ICLR 2020) at temperature 1, the same batch for both derivatives, as both peer
implementations compute it."""

from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord
from zcrepro.proxies.base import Proxy


def grasp(record: GradientRecord) -> float:
    """Each layer in the dtype of its weights, their sum in float64."""
    pairs = zip(record.weights, record.hessian_gradients, strict=True)
    return sum(on_host((-weight.detach() * product).sum() for weight, product in pairs))


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

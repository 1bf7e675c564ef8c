"""SNIP: how much the loss would change without each weight, to first order.

Lee et al. (ICLR 2019) prune by it. As a proxy it is summed over all weights (Abdelfattah et al., ICLR 2021,
section 3.2). Higher is better.
"""

from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord
from zcrepro.proxies.base import Proxy


def snip(record: GradientRecord) -> float:
    """Return the sum over layers; a layer is summed in the dtype of its weights, the layers in float64."""
    pairs = zip(record.weights, record.weight_gradients, strict=True)
    return sum(on_host((weight.detach() * gradient).abs().sum() for weight, gradient in pairs))


PROXY = Proxy(
    name="snip",
    runs_in=GRADIENTS,
    needs=frozenset({"weight_gradients"}),
    formula=r"\sum_l \sum \left|W_l \odot \partial L/\partial W_l\right|",
    citation="Lee et al., SNIP, ICLR 2019",
    direction="higher",
    compute=snip,
    counts_dead=False,
)

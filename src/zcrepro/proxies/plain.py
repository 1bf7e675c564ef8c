"""Plain: the sum of weight times gradient, which is SNIP without the absolute value.

Abdelfattah et al. (ICLR 2021). Higher is better.
"""

from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord
from zcrepro.proxies.base import Proxy


def plain(record: GradientRecord) -> float:
    """Return the sum over layers; a layer is summed in the dtype of its weights, the layers in float64."""
    pairs = zip(record.weights, record.weight_gradients, strict=True)
    return sum(on_host((weight.detach() * gradient).sum() for weight, gradient in pairs))


PROXY = Proxy(
    name="plain",
    runs_in=GRADIENTS,
    needs=frozenset({"weight_gradients"}),
    formula=r"\sum_l \sum W_l \odot \partial L/\partial W_l",
    citation="Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021",
    direction="higher",
    compute=plain,
    counts_dead=False,
)

"""The sum of weight times gradient, with its sign: SNIP without the absolute value."""

from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord
from zcrepro.proxies.base import Proxy


def plain(record: GradientRecord) -> float:
    """Each layer in the dtype of its weights, their sum in float64."""
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

"""Fisher information of the output channels, times the number of weights of each channel.

Turner et al. (BlockSwap, ICLR 2020) as zero-cost-nas computes it: for each channel half the mean
over the batch of the squared sum over space of activation times gradient, counted once for
every weight of the channel."""

from zcrepro.proxies._base import Proxy
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord


def fisher(record: GradientRecord) -> float:
    """Summed layer by layer in float64."""
    total = 0.0
    layers = zip(record.weights, record.outputs, record.output_gradients, strict=True)
    for weight, output, gradient in layers:
        if output.dim() > 1:
            per_image = (output * gradient).flatten(2).sum(2) if output.dim() > 2 else output * gradient
            total += float(per_image.pow(2).mean(0).sum()) / 2 * weight[0].numel()
    return total


PROXY = Proxy(
    name="fisher",
    runs_in=GRADIENTS,
    needs=frozenset({"output_gradients"}),
    formula=r"\sum_c \frac{|W_c|}{2n} \sum_i \left(\sum_{hw} a_{ichw}\,\partial L/\partial a_{ichw}\right)^2",
    citation="Turner et al., BlockSwap, ICLR 2020",
    direction="higher",
    compute=fisher,
)

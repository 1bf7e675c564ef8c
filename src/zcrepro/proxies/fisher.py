"""Fisher information of the output channels, times the number of weights of each channel.

Turner et al. (BlockSwap, ICLR 2020) as zero-cost-nas computes it: for each channel half the mean
over the batch of the squared sum over space of activation times gradient, counted once for
every weight of the channel."""

from zcrepro.proxies._base import Proxy
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord


def fisher(record: GradientRecord) -> float:
    """Added layer by layer in float64; a layer that is called twice counts twice."""
    total = 0.0
    calls = zip(record.fan_ins, record.outputs, record.output_gradients, strict=True)
    for fan_in, output, gradient in calls:
        # A linear layer puts out (n, channels): a space of one place.
        per_image = (output * gradient).reshape(*output.shape[:2], -1).sum(2)
        total += float(per_image.pow(2).mean(0).sum()) / 2 * fan_in
    return total


PROXY = Proxy(
    name="fisher",
    runs_in=GRADIENTS,
    needs=frozenset({"output_gradients"}),
    formula=r"\sum_c \frac{|W_c|}{2n} \sum_i \left(\sum_{hw} a_{ichw}\,\partial L/\partial a_{ichw}\right)^2",
    citation="Turner et al., BlockSwap, ICLR 2020",
    direction="higher",
    compute=fisher,
    counts_dead=False,
)

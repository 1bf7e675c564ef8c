"""Fisher: the Fisher information of output channels, times the number of weights per channel.

Turner et al. (BlockSwap, ICLR 2020), as zero-cost-nas computes it. Higher is better. The Fisher information
of a channel is half the mean over the batch of the squared sum over positions of activation times gradient.
It counts once per weight of the channel.
"""

from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.gradients import GRADIENTS, GradientRecord
from zcrepro.proxies.base import Proxy


def fisher(record: GradientRecord) -> float:
    """Return the sum over calls of layers, added in float64; a layer that is called twice counts twice."""
    calls = zip(record.outputs, record.output_gradients, strict=True)
    # The output of a linear layer, (n, channels), has a single position.
    per_image = ((output * gradient).reshape(*output.shape[:2], -1).sum(2) for output, gradient in calls)
    of_calls = on_host(images.pow(2).mean(0).sum() for images in per_image)
    return sum(of_call / 2 * fan_in for of_call, fan_in in zip(of_calls, record.fan_ins, strict=True))


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

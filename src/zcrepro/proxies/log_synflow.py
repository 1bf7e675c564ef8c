"""LogSynFlow: SynFlow with the gradients on a logarithmic scale, so that they do not explode.

Cavagnero et al. (FreeREA, WACV 2023): absolute weights times log(gradient + 1), summed. Higher is better. One
image of ones, float64, no BatchNorm, convolutions and linear layers only, as in ``synflow``.

The gradients are not negative where all activations grow with their input, as ReLU does; the released code
has no value where one is below -1, here their absolute value counts.

Cost: a forward and a backward of one image in float64, a sixth of a forward."""

from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.synflow import SYNFLOW, Flow
from zcrepro.proxies.base import Proxy


def log_synflow(record: Flow) -> float:
    """The sum over all weighted layers, in float64."""
    pairs = zip(record.weights, record.gradients, strict=True)
    return sum(on_host((weight * gradient.abs().log1p()).sum() for weight, gradient in pairs))


PROXY = Proxy(
    name="log_synflow",
    runs_in=SYNFLOW,
    needs=frozenset(),
    formula=r"\sum_l \sum \left|W_l\right| \odot \log\left(\left|\partial R/\partial W_l\right| + 1\right)",
    citation="Cavagnero et al., FreeREA, WACV 2023",
    direction="higher",
    compute=log_synflow,
    counts_dead=False,
)

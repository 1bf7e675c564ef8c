"""LogSynFlow: the sum of absolute weights, each times the logarithm of its effect on the flow of ones.

Cavagnero et al. (FreeREA, WACV 2023): the sum of absolute weights times log(gradient + 1), so that
gradients do not explode. Higher is better. As for ``synflow``, there is one image of ones, in float64, no
BatchNorm, and convolutions and linear layers only.

Gradients are not negative if all activation functions increase, as ReLU does. The released code has no
value if one is below -1; here absolute gradients count.

Cost: a forward and a backward of one image in float64, a sixth of a forward.
"""

from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.synflow import SYNFLOW, Flow
from zcrepro.proxies.base import Proxy


def log_synflow(record: Flow) -> float:
    """Return the sum over all weighted layers, in float64."""
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

"""ZiCo: how large the gradients of the weights are relative to their spread between batches.

Li et al. (ICLR 2023). Higher is better. A layer whose gradients do not differ is left out.

The paper divides by the standard deviation of the absolute gradients. The released code, followed here,
divides by the population standard deviation of the signed ones. Its first version accumulated gradients
from batch to batch, contrary to the paper; here, as in later copies of the code, each batch has its own.
Comparisons use two batches. Ours are the halves of the batch, so that all proxies see the same images.

Cost: a forward and a backward of the batch in all, 3 forwards.
"""

from math import log

from torch import Tensor

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.proxies._passes.halves import SPLIT, HalfGradients
from zcrepro.proxies.base import Proxy


def zico(record: HalfGradients) -> float:
    """Return the sum over layers of the logarithm of the sum over weights, in float64."""
    ratios = [_ratio(gradients.double()) for gradients in record.gradients]
    logarithms = [log(ratio) for ratio in ratios if ratio > 0]
    if not logarithms:
        raise UndefinedScoreError("no gradient differs between the halves of the batch")
    return sum(logarithms)


def _ratio(gradients: Tensor) -> float:
    """Return the sum over weights of mean absolute gradient over standard deviation.

    ``gradients`` is (batches, *weight). Weights whose gradients do not differ are left out.
    """
    deviations = gradients.std(0, correction=0)
    varied = deviations > 0
    return float((gradients.abs().mean(0)[varied] / deviations[varied]).sum())


PROXY = Proxy(
    name="zico",
    runs_in=SPLIT,
    needs=frozenset(),
    formula=r"\sum_l \log \sum_{w \in W_l} \frac{E\left|\partial L/\partial w\right|}"
    r"{\sqrt{\mathrm{Var}(\partial L/\partial w)}}",
    citation="Li et al., ZiCo, ICLR 2023",
    direction="higher",
    compute=zico,
    counts_dead=False,
)

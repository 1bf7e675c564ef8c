"""SynFlow: the sum over weights of the flow of ones through absolute weights.

Tanaka et al. (NeurIPS 2020), as a proxy by Abdelfattah et al. (ICLR 2021). Higher is better. There is no
data and no BatchNorm, and all is computed in float64. NAS-Bench-Suite-Zero reports the logarithm of it.
"""

from zcrepro.proxies._passes.synflow import SYNFLOW, Flow
from zcrepro.proxies.base import Proxy


def synflow(record: Flow) -> float:
    """Return the sum over all weighted layers, in float64."""
    return record.saliency()


PROXY = Proxy(
    name="synflow",
    runs_in=SYNFLOW,
    needs=frozenset(),
    formula=r"\sum_l \sum \left|W_l \odot \partial R/\partial W_l\right|",
    citation="Tanaka et al., SynFlow, NeurIPS 2020",
    direction="higher",
    compute=synflow,
    counts_dead=False,
)

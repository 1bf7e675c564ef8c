"""SynFlow with BatchNorm: the flow of ones through absolute weights, with every BatchNorm in place.

Abdelfattah et al. (ICLR 2021), whose released code offers it beside ``synflow``. Higher is better.
BatchNorm has absolute parameters, and normalises the one image of ones in training mode. For a network
without BatchNorm the score is that of ``synflow``.

The score is undefined if the flow consists of rounding errors, which the peer adds up. This is so if
BatchNorms see constants, as behind 1x1 convolutions only, or if the output of the last BatchNorm is pooled
at once, which makes the logits constant, as in NAS-Bench-301 and TransNAS-Bench-101.

Cost: two forwards and backwards of one image in float64, a third of a forward.
"""

from zcrepro.proxies._passes.synflow import SYNFLOW_WITH_NORMS, Flow
from zcrepro.proxies.base import Proxy


def synflow_bn(record: Flow) -> float:
    """Return the sum over all weighted layers, in float64."""
    return record.saliency()


PROXY = Proxy(
    name="synflow_bn",
    runs_in=SYNFLOW_WITH_NORMS,
    needs=frozenset(),
    formula=r"\sum_l \sum \left|W_l \odot \partial R_{BN}/\partial W_l\right|",
    citation="Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021",
    direction="higher",
    compute=synflow_bn,
    counts_dead=False,
)

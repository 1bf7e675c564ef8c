"""SynFlow as released with NAS-Bench-201: BatchNorm stays where the resolution is reduced.

Abdelfattah et al. (ICLR 2021) define ``synflow`` without BatchNorm, and report it for networks whose two
reduction blocks are built with BatchNorm all the same, which lowers it 1e3 to 1e4 times. Higher is better.
For any network: BatchNorm stays inside the blocks that put out fewer positions than they get, and is passed
by elsewhere. A network whose blocks reduce without BatchNorm has the score of ``synflow``. NaN if the flow is
rounding errors alone, as explained in ``synflow_bn``.

Cost: three forwards and two backwards of one image in float64, a third of a forward."""

from zcrepro.proxies._passes.synflow import SYNFLOW_WITH_REDUCTIONS, Flow
from zcrepro.proxies.base import Proxy


def synflow_zcp(record: Flow) -> float:
    """The sum over all weighted layers, in float64."""
    return record.saliency()


PROXY = Proxy(
    name="synflow_zcp",
    runs_in=SYNFLOW_WITH_REDUCTIONS,
    needs=frozenset(),
    formula=r"\sum_l \sum \left|W_l \odot \partial R_{red}/\partial W_l\right|",
    citation="Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021",
    direction="higher",
    compute=synflow_zcp,
    counts_dead=False,
)

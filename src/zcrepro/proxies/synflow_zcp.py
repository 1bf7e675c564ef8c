"""SynFlow as released: the flow of ones, with BatchNorm only in the blocks that reduce the resolution.

Abdelfattah et al. (ICLR 2021) define ``synflow`` without BatchNorm. The networks that they report on have
BatchNorm in the two reduction blocks all the same, which lowers the score by a factor of 1e3 to 1e4. Higher
is better. For any network, BatchNorm stays inside the blocks whose output has fewer positions than their
input, and is bypassed elsewhere. For a network whose blocks reduce the resolution without BatchNorm the
score is that of ``synflow``. It is undefined if the flow consists of rounding errors, as explained in
``synflow_bn``.

Cost: three forwards and two backwards of one image in float64, a third of a forward.
"""

from zcrepro.proxies._passes.synflow import SYNFLOW_WITH_REDUCTIONS, Flow
from zcrepro.proxies.base import Proxy


def synflow_zcp(record: Flow) -> float:
    """Return the sum over all weighted layers, in float64."""
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

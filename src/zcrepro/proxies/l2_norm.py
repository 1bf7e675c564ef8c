"""L2 norm: the sum over layers of the L2 norm of the weights.

Abdelfattah et al. (ICLR 2021). Higher is better.
"""

from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.structure import STRUCTURE, Structure
from zcrepro.proxies.base import Proxy


def l2_norm(record: Structure) -> float:
    """Return the sum of the norms; a norm is in the dtype of the weights, the sum in float64."""
    return sum(on_host(weight.detach().norm() for weight in record.weights))


PROXY = Proxy(
    name="l2_norm",
    runs_in=STRUCTURE,
    needs=frozenset({"weights"}),
    formula=r"\sum_l \|W_l\|_2",
    citation="Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021",
    direction="higher",
    compute=l2_norm,
)

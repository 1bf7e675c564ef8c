"""FLOPs: the multiply-adds for one image, as NAS-Bench-Suite-Zero counts them with tensorwatch.

Krishnakumar et al. (NeurIPS 2022) report millions; here it is the plain number. Higher is better. Calls of
nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.ReLU, nn.LeakyReLU and pooling modules are counted. Computation by
functions is not, above all the products of attention and the projections inside nn.MultiheadAttention.
"""

from zcrepro.proxies._passes.structure import STRUCTURE, Structure
from zcrepro.proxies.base import Proxy


def flops(record: Structure) -> float:
    """Return the number of multiply-adds."""
    return record.operations


PROXY = Proxy(
    name="flops",
    runs_in=STRUCTURE,
    needs=frozenset({"operations"}),
    formula=r"\sum_l \mathrm{multiply\text{-}adds}_l",
    citation="Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022",
    direction="higher",
    compute=flops,
    reads_values=False,
)

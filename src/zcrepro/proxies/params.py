"""Number of parameters, all of them: the oldest baseline.

Reported in millions by NAS-Bench-Suite-Zero; here it is the plain number."""

from zcrepro.proxies._passes.structure import STRUCTURE, Structure
from zcrepro.proxies.base import Proxy


def params(record: Structure) -> float:
    """The number of parameters."""
    return record.parameters


PROXY = Proxy(
    name="params",
    runs_in=STRUCTURE,
    needs=frozenset(),
    formula=r"\sum_l |W_l|",
    citation="Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022",
    direction="higher",
    compute=params,
)

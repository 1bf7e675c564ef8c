"""Parameters: the number of all parameters, the oldest baseline.

NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022) reports millions; here it is the plain number.
Higher is better.
"""

from zcrepro.proxies._passes.structure import STRUCTURE, Structure
from zcrepro.proxies.base import Proxy


def params(record: Structure) -> float:
    """Return the number of parameters."""
    return record.parameters


PROXY = Proxy(
    name="params",
    runs_in=STRUCTURE,
    needs=frozenset(),
    formula=r"\sum_l |W_l|",
    citation="Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022",
    direction="higher",
    compute=params,
    reads_values=False,
)

"""AZ-NAS progressivity: the smallest gain of expressivity from one block to the next.

Lee and Ham (CVPR 2024). Higher is better. The entropies are those of ``az_expressivity``, whose module
tells how they are computed, how the released code differs, and the cost.
"""

from itertools import pairwise

from zcrepro.proxies._passes.blocks import BLOCKS, Blocks, required_entropies
from zcrepro.proxies.base import Proxy


def az_progressivity(record: Blocks) -> float:
    """Return the smallest increase of the entropy between consecutive blocks."""
    return min(after - before for before, after in pairwise(required_entropies(record, 2)))


PROXY = Proxy(
    name="az_progressivity",
    runs_in=BLOCKS,
    needs=frozenset(),
    formula=r"\min_b \left(H_{b+1} - H_b\right)",
    citation="Lee and Ham, AZ-NAS, CVPR 2024",
    direction="higher",
    compute=az_progressivity,
)

"""AZ-NAS trainability: how near to one the gain of gradients from block to block is.

Lee and Ham (CVPR 2024). Higher is better, zero is best. A random gradient of signs goes back through each
block; s is the spectral norm of the mean outer product of it and of what it becomes, which estimates the
block's Jacobian. Where a block reduces the resolution, the positions that become one count as channels.
Noise and Kaiming weights as in ``az_expressivity``.

The released code gives minus infinity where a block passes its input on unchanged, and about minus a
million where it passes no gradient on: both are undefined here.

Cost: one forward, a backward to the activations and small spectral norms, 3 forwards."""

from statistics import fmean

from zcrepro.proxies._passes.blocks import BLOCKS, Blocks, required_gains
from zcrepro.proxies.base import Proxy

STABILITY = 1e-6


def az_trainability(record: Blocks) -> float:
    """The mean over consecutive blocks."""
    return fmean(2 - gain - 1 / (gain + STABILITY) for gain in required_gains(record))


PROXY = Proxy(
    name="az_trainability",
    runs_in=BLOCKS,
    needs=frozenset({"gains"}),
    formula=r"\frac{1}{B - 1} \sum_b \left(2 - s_b - 1/s_b\right)",
    citation="Lee and Ham, AZ-NAS, CVPR 2024",
    direction="higher",
    compute=az_trainability,
)

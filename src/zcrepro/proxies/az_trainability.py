"""AZ-NAS trainability: how close to one the gain of gradients from block to block is.

Lee and Ham (CVPR 2024). Higher is better, and 0 is the best value. A random gradient of signs runs back
through each block. The mean outer product of it and of the result estimates the Jacobian of the block, and
s is the spectral norm of this estimate. If a block reduces the resolution, the input positions that belong
to one output position count as channels. Noise and Kaiming weights are those of ``az_expressivity``.

The released code gives minus infinity if a block passes its input on unchanged, and about minus a million
if it passes no gradient on. Both are undefined here.

Cost: one forward, a backward to the activations and small spectral norms, 3 forwards.
"""

from statistics import fmean

from zcrepro.proxies._passes.blocks import BLOCKS, Blocks, required_gains
from zcrepro.proxies.base import Proxy

STABILITY = 1e-6


def az_trainability(record: Blocks) -> float:
    """Return the mean over pairs of consecutive blocks."""
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

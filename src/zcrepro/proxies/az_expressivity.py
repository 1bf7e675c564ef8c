"""AZ-NAS expressivity: how evenly the features of each block spread over their principal components.

Lee and Ham (CVPR 2024). Higher is better. As in the paper and its released code, noise runs through Kaiming
weights. Both are drawn from the seed, so the score depends on the shape of the batch, but not on its
images. The eigenvalues are those of the covariance of the channels over images and positions, here in
float64.

The fourth component of AZ-NAS, complexity, is ``flops``. AZ-NAS itself adds the logarithms of the four
ranks among the networks compared, so it is not a score of one network. The released code writes minus
infinity if a component has no value; here it is NaN.

Cost: one forward and small eigenvalue problems, 1.5 forwards.
"""

from zcrepro.proxies._passes.blocks import BLOCKS, Blocks, required_entropies
from zcrepro.proxies.base import Proxy


def az_expressivity(record: Blocks) -> float:
    """Return the sum of the entropies of all blocks, in nats."""
    return sum(required_entropies(record, 1))


PROXY = Proxy(
    name="az_expressivity",
    runs_in=BLOCKS,
    needs=frozenset(),
    formula=r"\sum_b H_b, \quad H_b = -\sum_i p_i \log p_i, \quad p = \lambda / \sum_i \lambda_i",
    citation="Lee and Ham, AZ-NAS, CVPR 2024",
    direction="higher",
    compute=az_expressivity,
)

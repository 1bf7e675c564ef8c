"""AZ-NAS expressivity: how evenly the features of each block spread over their principal components.

Lee and Ham (CVPR 2024). Higher is better. Noise through Kaiming weights, drawn by the seed, as in the paper
and its released code: the score sees the shape of the batch but not its images. The eigenvalues are those
of the covariance of the channels over images and positions, here in float64.

The fourth component of AZ-NAS, complexity, is ``flops``; AZ-NAS itself adds the logarithms of the four
ranks among the networks compared, so it is no score of one network. The released code writes minus
infinity where a component has no value.

Cost: one forward and small eigenvalue problems, 1.5 forwards."""

from zcrepro.proxies._passes.blocks import BLOCKS, Blocks, required_entropies
from zcrepro.proxies.base import Proxy


def az_expressivity(record: Blocks) -> float:
    """The sum of the entropies of all blocks."""
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

"""Linear regions: how many of them the images of a batch fall into.

Chen et al. (TE-NAS, ICLR 2021): a ReLU network is linear where the pattern of its active units does not
change, so distinct patterns are distinct regions. Higher is better. As in the released code only ReLU
modules of feature maps count, in training mode.

The released code counts over 3,000 crops of 3 x 3 pixels in a supernet of one channel and one cell a stage.
A given network sees the batch instead; comparisons of later papers take a batch of noise. At full width
every image then has a region of its own, and the score is the size of the batch: it tells networks apart
only where they are thin or the images nearly equal.

Cost: one forward, and half of one for the patterns."""

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.proxies._passes.patterns import PATTERNS, Patterns, required_patterns
from zcrepro.proxies.base import Proxy


def linear_regions(record: Patterns) -> float:
    """The number of distinct patterns over the units."""
    images = required_patterns(record).of_images
    if len(images) < 2:
        raise UndefinedScoreError("a batch of one lies in one region, whatever the network")
    return len(set(images))


PROXY = Proxy(
    name="linear_regions",
    runs_in=PATTERNS,
    needs=frozenset(),
    formula=r"\left|\left\{\left(1[u(x_i) > 0]\right)_{u \in \mathrm{units}} : i \le n\right\}\right|",
    citation="Chen et al., TE-NAS, ICLR 2021",
    direction="higher",
    compute=linear_regions,
)

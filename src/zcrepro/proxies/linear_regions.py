"""Linear regions: into how many of them the images of a batch fall.

Chen et al. (TE-NAS, ICLR 2021). A ReLU network is linear as long as the pattern of its active units does
not change, so distinct patterns are distinct regions. Higher is better. As in the released code, the
network is in training mode and only the ReLUs of feature maps count.

The released code counts regions over 3,000 crops of 3 x 3 pixels, in a supernet with one channel and one
cell per stage. Here a given network sees the batch; comparisons in later papers use a batch of noise. At
full width every image then has a region of its own, and the score is the size of the batch. It
distinguishes networks only if they are thin, or if the images are nearly equal.

Cost: one forward, and half of one for the patterns.
"""

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.proxies._passes.patterns import PATTERNS, Patterns, required_patterns
from zcrepro.proxies.base import Proxy


def linear_regions(record: Patterns) -> float:
    """Return the number of distinct patterns over the units, at most the number of images."""
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

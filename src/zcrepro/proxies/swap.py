"""SWAP: how many different patterns the ReLU units show over the images of a batch.

Peng et al. (ICLR 2024, sample-wise activation patterns). Higher is better. As in the released code, the
network is in training mode and only the ReLUs of feature maps count.

The released code averages over 32 draws of standard normal weights, with 16 images and a network of 3
channels. Here the network has its own weights, whose scale BatchNorm divides out, and all images count: 16
images have only 65,536 patterns, and a network of full width shows nearly all of them.

The regularised score multiplies this one by exp(-(parameters - mu)^2 / sigma), with parameters in
thousands. Its mu and sigma are chosen per search space to aim at a size, so it is not a proxy of a network
alone.

Cost: one forward, and half of one for the patterns.
"""

from zcrepro.proxies._passes.patterns import PATTERNS, Patterns, required_patterns
from zcrepro.proxies.base import Proxy


def swap(record: Patterns) -> float:
    """Return the number of distinct patterns over the images, at most the number of units."""
    return len(required_patterns(record).of_units)


PROXY = Proxy(
    name="swap",
    runs_in=PATTERNS,
    needs=frozenset(),
    formula=r"\left|\left\{\left(1[u(x_i) > 0]\right)_{i \le n} : u \in \mathrm{units}\right\}\right|",
    citation="Peng et al., SWAP-NAS, ICLR 2024",
    direction="higher",
    compute=swap,
)

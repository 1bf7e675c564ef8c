"""SWAP: how many different patterns the ReLU units show over the images of a batch.

Peng et al. (ICLR 2024, sample-wise activation patterns). Higher is better. As in the released code only
ReLU modules of feature maps count, in training mode.

The released code draws standard normal weights 32 times, averages, and takes 16 images and a network of
3 channels. Here the network has its own weights, whose scale BatchNorm divides out, and all images count:
with 16 there are only 65,536 patterns, and a network of full width shows nearly all of them.

The regularised score is this one times exp(-(parameters - mu)^2 / sigma), with parameters in thousands; mu
and sigma are chosen for each search space to aim at a size, so it is not a proxy of a network alone.

Cost: one forward, and half of one for the patterns."""

from zcrepro.proxies._passes.patterns import PATTERNS, Patterns, required_patterns
from zcrepro.proxies.base import Proxy


def swap(record: Patterns) -> float:
    """The number of distinct patterns over the images."""
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

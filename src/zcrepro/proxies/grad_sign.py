"""GradSign: in how many images the gradients of a weight agree in sign.

Zhang and Jia (ICLR 2022): the absolute value of the summed signs of each weight's gradients,
summed over weights. Higher is better. Each image passes alone, in training mode, so that BatchNorm
normalises by that image, as in the released code.

One script of the released code sums over weights, as the paper does and as is done here; another, for
NAS-Bench-201, takes the mean, which does not see the size of the network. Both count convolutions and linear
layers only. They take 128 images, here it is the batch.

Cost: 64 passes of one image are slower than one of 64: 5 forwards of the batch in all."""

import torch

from zcrepro.proxies._passes.single_images import SINGLE_IMAGES, Signs
from zcrepro.proxies.base import Proxy


def grad_sign(record: Signs) -> float:
    """The sum over all weights, a whole number."""
    return sum(float(sums.abs().sum(dtype=torch.float64)) for sums in record.sums)


PROXY = Proxy(
    name="grad_sign",
    runs_in=SINGLE_IMAGES,
    needs=frozenset(),
    formula=r"\sum_w \left|\sum_i \mathrm{sign}\left(\partial L(x_i, y_i)/\partial w\right)\right|",
    citation="Zhang and Jia, GradSign, ICLR 2022",
    direction="higher",
    compute=grad_sign,
    counts_dead=False,
)

"""GradSign: in how many images the gradients of a weight agree in sign.

Zhang and Jia (ICLR 2022): the absolute value of the sum over images of the signs of each weight's gradient,
added over weights. Higher is better. As in the released code, each image passes alone in training mode, so
BatchNorm normalises by that image.

One script of the released code sums over weights, as the paper does and as is done here. Another, for
NAS-Bench-201, takes the mean, which does not depend on the size of the network. Both count convolutions and
linear layers only. They take 128 images; here it is the batch.

Cost: 64 passes of one image take longer than one of 64, in all as long as 5 forwards of the batch.
"""

import torch

from zcrepro.proxies._passes.single_images import SINGLE_IMAGES, Signs
from zcrepro.proxies.base import Proxy


def grad_sign(record: Signs) -> float:
    """Return the sum over all weights, an integer."""
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

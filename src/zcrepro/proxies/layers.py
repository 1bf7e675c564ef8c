"""Number of trainable layers: the size by which VKDNW ranks first.

Tybl and Neumann (CVPR 2025). Higher is better. The released code, followed here, counts parameter tensors,
so a convolution with a bias counts twice and an affine BatchNorm too. VKDNW_single is this number plus the
score of ``vkdnw``, which cannot reach three: networks of as many layers are ranked by that.

Cost: none."""

from zcrepro.proxies._passes.tensors import TENSORS, Tensors
from zcrepro.proxies.base import Proxy


def layers(record: Tensors) -> float:
    """The number of parameter tensors."""
    return record.parameters


PROXY = Proxy(
    name="layers",
    runs_in=TENSORS,
    needs=frozenset(),
    formula=r"\left|\{W_l\}\right|",
    citation="Tybl and Neumann, VKDNW, CVPR 2025",
    direction="higher",
    compute=layers,
)

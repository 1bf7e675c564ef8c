"""Number of trainable layers: the size by which VKDNW ranks first.

Tybl and Neumann (CVPR 2025). Higher is better. As in the released code, parameter tensors are counted, so a
convolution with a bias counts twice, and so does an affine BatchNorm. VKDNW_single is this number plus the
score of ``vkdnw``. As that score is below three, it mostly decides between networks of equal size.

Cost: none.
"""

from zcrepro.proxies._passes.tensors import TENSORS, Tensors
from zcrepro.proxies.base import Proxy


def layers(record: Tensors) -> float:
    """Return the number of parameter tensors."""
    return record.parameters


PROXY = Proxy(
    name="layers",
    runs_in=TENSORS,
    needs=frozenset(),
    formula=r"\left|\{W_l\}\right|",
    citation="Tybl and Neumann, VKDNW, CVPR 2025",
    direction="higher",
    compute=layers,
    reads_values=False,
)

"""NDS: the design space of DARTS (Liu et al., ICLR 2019).

A cell has four nodes, and its output contains all of them. ``none`` is one of the operations. See
``_genotype_nds``.
"""

from typing import ClassVar

from zcrepro.spaces._genotype_nds import CIFAR10, IMAGENET, NDSGenotypeSpace


class NDSDARTS(NDSGenotypeSpace):
    """The DARTS design space of NDS."""

    name = "nds_darts"
    tasks: ClassVar = {**NDSGenotypeSpace.tasks, "cifar10-fix-w-d": CIFAR10, "ImageNet-fix-w-d": IMAGENET}
    operations = (
        "none",
        "max_pool_3x3",
        "avg_pool_3x3",
        "skip_connect",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "dil_conv_3x3",
        "dil_conv_5x5",
    )
    nodes = 4


SPACE = NDSDARTS()

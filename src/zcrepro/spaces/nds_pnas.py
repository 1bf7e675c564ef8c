"""NDS: the design space of PNAS (Liu et al., ECCV 2018).

A cell has five nodes, and its output contains all of them. See ``_genotype_nds``.
"""

from typing import ClassVar

from zcrepro.spaces._genotype_nds import CIFAR10, NDSGenotypeSpace


class NDSPNAS(NDSGenotypeSpace):
    """The PNAS design space of NDS."""

    name = "nds_pnas"
    tasks: ClassVar = {**NDSGenotypeSpace.tasks, "cifar10-fix-w-d": CIFAR10}
    operations = (
        "sep_conv_3x3",
        "sep_conv_5x5",
        "sep_conv_7x7",
        "conv_7x1_1x7",
        "skip_connect",
        "avg_pool_3x3",
        "max_pool_3x3",
        "dil_conv_3x3",
    )
    nodes = 5


SPACE = NDSPNAS()

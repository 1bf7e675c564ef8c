"""NDS: the design space of ENAS (Pham et al., ICML 2018).

A cell has five nodes, and its output leaves out those that other nodes use. See ``_genotype_nds``.
"""

from typing import ClassVar

from zcrepro.spaces._genotype_nds import CIFAR10, NDSGenotypeSpace


class NDSENAS(NDSGenotypeSpace):
    """The ENAS design space of NDS."""

    name = "nds_enas"
    tasks: ClassVar = {**NDSGenotypeSpace.tasks, "cifar10-fix-w-d": CIFAR10}
    operations = (
        "skip_connect",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "avg_pool_3x3",
        "max_pool_3x3",
    )
    nodes = 5
    loose_ends = True


SPACE = NDSENAS()

"""NDS: the design space of NASNet (Zoph et al., CVPR 2018).

A cell has five nodes, and its output leaves out those that other nodes use. See ``_genotype_nds``.
"""

from zcrepro.spaces._genotype_nds import NDSGenotypeSpace


class NDSNASNet(NDSGenotypeSpace):
    """The NASNet design space of NDS."""

    name = "nds_nasnet"
    operations = (
        "skip_connect",
        "conv_3x1_1x3",
        "conv_7x1_1x7",
        "dil_conv_3x3",
        "avg_pool_3x3",
        "max_pool_3x3",
        "max_pool_5x5",
        "max_pool_7x7",
        "conv_1x1",
        "conv_3x3",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "sep_conv_7x7",
    )
    nodes = 5
    loose_ends = True


SPACE = NDSNASNet()

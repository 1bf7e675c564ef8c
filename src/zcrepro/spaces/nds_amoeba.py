"""NDS: the design space of AmoebaNet (Real et al., AAAI 2019).

A cell has five nodes, and its output leaves out those that other nodes use. See ``_genotype_nds``.
"""

from zcrepro.spaces._genotype_nds import NDSGenotypeSpace


class NDSAmoeba(NDSGenotypeSpace):
    """The AmoebaNet design space of NDS."""

    name = "nds_amoeba"
    operations = (
        "skip_connect",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "sep_conv_7x7",
        "avg_pool_3x3",
        "max_pool_3x3",
        "dil_sep_conv_3x3",
        "conv_7x1_1x7",
    )
    nodes = 5
    loose_ends = True


SPACE = NDSAmoeba()

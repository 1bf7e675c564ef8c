"""NAS-Bench-301 (Zela et al., ICLR 2022): the DARTS space, with accuracies predicted by a surrogate.

A cell has four nodes, and the two edges of a node have different source nodes, which gives 10^18 genotypes.
``sample`` and ``neighbours`` stay within these. A text may be any genotype of DARTS (Liu et al., ICLR 2019),
including the operation ``none`` and two edges from one source node, because other benchmarks trained such
genotypes.

The network is that of NASLib, for which NAS-Bench-Suite-Zero published parameters and flops: 8 cells,
starting from 32 channels. Unlike the network that NAS-Bench-301 trained, it has the operations in the form
that DARTS uses during search, and no auxiliary head.

On ``cifar10`` the accuracies are the surrogate's predictions. On ``cifar10-trained`` they come from trained
networks of unknown size; see the recipe ``darts_trained``.
"""

from typing import ClassVar

from zcrepro.spaces._genotype import Genotype, Node
from zcrepro.spaces._genotype_layers import NONE
from zcrepro.spaces._genotype_network import Part, Place, SmallStem, StackedGenotypeSpace
from zcrepro.spaces.base import TaskShape

WIDTH, DEPTH = 32, 8
STEM = 3 * WIDTH


class NASBench301(StackedGenotypeSpace):
    """The search space of NAS-Bench-301."""

    name = "nasbench301"
    tasks: ClassVar = {
        "cifar10": TaskShape((3, 32, 32), (10,)),
        "cifar10-trained": TaskShape((3, 32, 32), (10,)),
        "svhn": TaskShape((3, 32, 32), (10,)),
        "scifar100": TaskShape((3, 60, 60), (100,)),
        "ninapro": TaskShape((1, 16, 52), (18,)),
    }
    operations = (
        "max_pool_3x3",
        "avg_pool_3x3",
        "skip_connect",
        "sep_conv_3x3",
        "sep_conv_5x5",
        "dil_conv_3x3",
        "dil_conv_5x5",
        NONE,
    )
    nodes = 4
    search_form = True

    def draws(self, node: Node) -> bool:
        (first, one), (second, other) = node
        return first != second and NONE not in (one, other)

    def stem(self, arch: Genotype, task: str) -> Part:  # noqa: ARG002
        images = self.task_shape(task)
        return Part(SmallStem, (images.channels, STEM), images.input)

    def places(self, arch: Genotype, task: str) -> list[Place]:
        _, *size = self.task_shape(task).input
        stem = (STEM, *size)
        return self.stacked(arch, WIDTH, DEPTH, (stem, stem))


SPACE = NASBench301()

"""The size space of NATS-Bench (Dong et al., TPAMI 2021): five numbers of channels and a fixed cell.

An architecture is written as in the benchmark, ``8:8:16:40:64``. These are the channels of the first cell
(and of the stem), the first reduction block, the second cell, the second reduction block and the third cell.
Each is a multiple of 8 up to 64. The cell is the NAS-Bench-201 cell with the best CIFAR-100 validation
accuracy:

    |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|

There is one cell in each of the three stages. The rest of the network is that of NAS-Bench-201. No two texts
are equal graphs. The published counts of four networks are reproduced; the counts of all networks are in the
official archive, which is not pinned.
"""

from typing import ClassVar

from torch import Tensor, nn

from zcrepro.networks.multiply_adds import multiply_adds
from zcrepro.spaces._layers import ConvBN, Head, ReLUConvBN
from zcrepro.spaces.base import Arch, CategoricalSpace
from zcrepro.spaces.graph import Graph, chain, conv
from zcrepro.spaces.nasbench201 import SPACE as NASBENCH201
from zcrepro.spaces.nasbench201 import Reduction

TASKS = ("cifar10", "cifar100", "ImageNet16-120")


def nats_flops(model: nn.Module, images: Tensor) -> int:
    """Return the multiply-adds as NATS-Bench counts them.

    These are the products in convolutions and the classifier, plus one per bias of the classifier.
    """
    biases = sum(module.out_features for module in model.modules() if isinstance(module, nn.Linear))
    return multiply_adds(model, images) + biases * len(images)


class NATSBenchSSS(CategoricalSpace):
    """The size space of NATS-Bench."""

    name = "natsbench_sss"
    tasks: ClassVar = {task: NASBENCH201.tasks[task] for task in TASKS}
    count_flops = staticmethod(nats_flops)
    operations = tuple(str(channels) for channels in range(8, 65, 8))
    length = 5

    def text(self, arch: Arch) -> str:
        return ":".join(arch)

    def parse(self, text: str) -> Arch:
        return self._checked(text.split(":"), text)

    def canonical(self, arch: Arch) -> str:
        return self.text(arch)

    def graph(self, arch: Arch) -> Graph:
        """Return the chain of the three cells and the two reduction blocks between them.

        It is the same for all architectures, which differ only in channels. Its counts rank nothing.
        """
        return chain(conv(3, stride=1 + place % 2) for place in range(len(arch)))

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        return Network([int(channels) for channels in arch], self.task_shape(task).classes)


class Network(nn.Module):
    """Network of three cells, (batch, 3, height, width) to (batch, classes).

    ``cells`` 1 and 3 are the reduction blocks.
    """

    def __init__(self, channels: list[int], classes: int) -> None:
        super().__init__()
        first, reduced, second, again_reduced, third = channels
        self.stem = ConvBN(3, first, 3)
        self.cells = nn.Sequential(
            SizedCell(first, first),
            Reduction(first, reduced),
            SizedCell(reduced, second),
            Reduction(second, again_reduced),
            SizedCell(again_reduced, third),
        )
        self.head = Head(third)
        self.classifier = nn.Linear(third, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.head(self.cells(self.stem(x))))


class SizedCell(nn.Module):
    """The fixed cell, whose edges from node 0 change the number of channels.

    The skip connection on such an edge is a 1x1 convolution if the numbers differ.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.edge01 = ReLUConvBN(inputs, outputs, 3)
        self.edge02 = ReLUConvBN(inputs, outputs, 3)
        self.edge12 = ReLUConvBN(outputs, outputs, 3)
        self.edge03 = nn.Identity() if inputs == outputs else ConvBN(inputs, outputs, 1)
        self.edge13 = ReLUConvBN(outputs, outputs, 3)
        self.edge23 = ReLUConvBN(outputs, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        first = self.edge01(x)
        second = self.edge02(x) + self.edge12(first)
        return self.edge03(x) + self.edge13(first) + self.edge23(second)


SPACE = NATSBenchSSS()

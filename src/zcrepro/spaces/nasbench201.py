"""NAS-Bench-201 (Dong and Yang, ICLR 2020): 15 copies of one cell in three stages.

The network as trained has a 3x3 stem of 16 channels, 5 cells per stage, two residual reduction blocks that
double the channels, global average pooling and a linear classifier. On the first three tasks the authors
trained all 15,625 networks. On ninapro, svhn and scifar100 the authors of NAS-Bench-Suite-Zero trained 199.
"""

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from zcrepro.spaces._layers import ConvBN, Head, ReLUConvBN
from zcrepro.spaces.base import Arch, TaskShape
from zcrepro.spaces.cell import Cell, CellSpace

CHANNELS = 16  # of the first layer


class NASBench201(CellSpace):
    """The search space of NAS-Bench-201."""

    name = "nasbench201"
    tasks: ClassVar = {
        "cifar10": TaskShape((3, 32, 32), (10,)),
        "cifar100": TaskShape((3, 32, 32), (100,)),
        "ImageNet16-120": TaskShape((3, 16, 16), (120,)),
        "ninapro": TaskShape((1, 16, 52), (18,)),
        "svhn": TaskShape((3, 32, 32), (10,)),
        "scifar100": TaskShape((3, 60, 60), (100,)),
    }

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        return self.blueprint_of_width(arch, task, CHANNELS)

    def blueprint_of_width(self, arch: Arch, task: str, channels: int) -> nn.Module:
        return Network(arch, self.task_shape(task), channels)


class Network(nn.Module):
    """Network of 15 cells, (batch, channels, height, width) to (batch, classes).

    ``cells`` 5 and 11 are the reduction blocks.
    """

    def __init__(
        self, arch: Arch, shape: TaskShape, channels: int = CHANNELS, cells_per_stage: int = 5
    ) -> None:
        super().__init__()
        self.stem = ConvBN(shape.channels, channels, 3)
        stage = [channels, 2 * channels, 4 * channels]
        layers: list[nn.Module] = [Cell(arch, stage[0]) for _ in range(cells_per_stage)]
        for narrow, wide in pairwise(stage):
            layers.append(Reduction(narrow, wide))
            layers.extend(Cell(arch, wide) for _ in range(cells_per_stage))
        self.cells = nn.Sequential(*layers)
        self.head = Head(stage[-1])
        self.classifier = nn.Linear(stage[-1], shape.classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.head(self.cells(self.stem(x))))


class Reduction(nn.Module):
    """Residual block of stride 2, with average pooling and a 1x1 convolution on its shortcut.

    The shortcut has no BatchNorm.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv_a = ReLUConvBN(inputs, outputs, 3, stride=2)
        self.conv_b = ReLUConvBN(outputs, outputs, 3)
        self.pool = nn.AvgPool2d(2, stride=2)
        self.downsample = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_b(self.conv_a(x)) + self.downsample(self.pool(x))


SPACE = NASBench201()

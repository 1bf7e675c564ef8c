"""Build the skeleton of the embedded spaces: three stages, small enough to train hundreds on one core.

A 3x3 stem is followed by stages of 8, 16 and 32 channels. Between stages there are average pooling and a 1x1
projection. A strided 3x3 convolution there would detect shapes by itself, which would hide the differences
between architectures.
"""

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn

from zcrepro.spaces._layers import ConvBN, Head
from zcrepro.spaces.base import TaskShape

CHANNELS = 8  # of the first stage
STAGES = 3

EMBEDDED_TASKS = {
    "digits": TaskShape((1, 12, 12), (10,)),
    "turned_digits": TaskShape((1, 12, 12), (10,)),
}


class SmallNetwork(nn.Module):
    """Network in the small skeleton, (batch, channels, height, width) to (batch, classes).

    ``stage(i, channels)`` returns the modules of stage i.
    """

    def __init__(
        self, stage: Callable[[int, int], nn.Module], shape: TaskShape, channels: int = CHANNELS
    ) -> None:
        super().__init__()
        widths = [channels << index for index in range(STAGES)]
        self.stem = ConvBN(shape.channels, widths[0], 3)
        layers: list[nn.Module] = [stage(0, widths[0])]
        for index, (narrow, wide) in enumerate(pairwise(widths), start=1):
            layers += [
                nn.AvgPool2d(2, ceil_mode=True),
                nn.Conv2d(narrow, wide, 1, bias=False),
                stage(index, wide),
            ]
        self.cells = nn.Sequential(*layers)
        self.head = Head(widths[-1])
        self.classifier = nn.Linear(widths[-1], shape.classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.head(self.cells(self.stem(x))))

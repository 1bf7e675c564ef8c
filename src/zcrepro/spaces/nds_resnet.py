"""NDS ResNet (Radosavovic et al., ICCV 2019): three stages of basic residual blocks; see ``_stages``.

The pinned files contain no ResNet. The networks are verified against the published parameters and flops of
single networks instead. Two of these are networks that the authors trained again on CIFAR-10. The others are
from their ImageNet sweep, whose networks have the same blocks in four stages. That sweep has other values and
a separate learning rate per network, so it is another space, and ImageNet is not a task of this one.

The paper gives the range and the number of the values: 9 depths from 1 to 24, and 12 widths from 16 to 256.
The lists here contain the values of the form 2^k, 3*2^k and, for the widths, 5*2^k. They have exactly these
ranges and numbers, and contain every value in the records above. A record with another value is refused.
"""

from typing import ClassVar

from zcrepro.spaces._stages import CIFAR10, BasicBlock, StageSpace


class NDSResNet(StageSpace):
    """The ResNet design space of NDS."""

    name = "nds_resnet"
    tasks: ClassVar = {"cifar10": CIFAR10}
    block = BasicBlock
    block_type = "res_basic_block"
    values: ClassVar = {
        "d": (1, 2, 3, 4, 6, 8, 12, 16, 24),
        "w": (16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256),
    }


SPACE = NDSResNet()

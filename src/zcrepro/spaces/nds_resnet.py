"""NDS ResNet (Radosavovic et al., ICCV 2019): three stages of basic residual blocks; see ``_stages``.

The pinned files have no ResNet. What is proved instead are the published parameters and flops of
single networks: two that the authors trained again on CIFAR-10, and of their ImageNet sweep, whose
networks have the same blocks in four stages. That sweep draws other numbers and its own learning
rate for each network, so it is another space, and ImageNet is no task of this one.

The paper gives ends and number of the values: 9 depths from 1 to 24, 12 widths from 16 to 256. The
lists are the ones of 2^k, 3*2^k and, for the widths, 5*2^k, which are exactly so many and hold every
number of those records; a record with another number is refused.
"""

from typing import ClassVar

from zcrepro.spaces._stages import CIFAR10, BasicBlock, StageSpace


class NDSResNet(StageSpace):
    name = "nds_resnet"
    tasks: ClassVar = {"cifar10": CIFAR10}
    block = BasicBlock
    block_type = "res_basic_block"
    values: ClassVar = {
        "d": (1, 2, 3, 4, 6, 8, 12, 16, 24),
        "w": (16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256),
    }


SPACE = NDSResNet()

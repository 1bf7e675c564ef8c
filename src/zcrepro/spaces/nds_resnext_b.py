"""NDS ResNeXt-B (Radosavovic et al., ICCV 2019): ResNeXt-A, but wider and in more groups; see ``_stages``.

The published parameters and flops of all 164 networks that were trained on ImageNet are those of
these networks. No record of CIFAR-10 was at hand; its stem is the one of ResNet and Vanilla.
"""

from typing import ClassVar

from zcrepro.spaces._stages import CIFAR10, IMAGENET, BottleneckBlock, StageSpace


class NDSResNeXtB(StageSpace):
    name = "nds_resnext_b"
    tasks: ClassVar = {"cifar10": CIFAR10, "ImageNet": IMAGENET}
    block = BottleneckBlock
    block_type = "res_bottleneck_block"
    values: ClassVar = {
        "d": (1, 2, 4, 8, 16),
        "w": (64, 128, 256, 512, 1024),
        "r": (1, 2, 4),
        "g": (1, 2, 4, 8, 16),
    }


SPACE = NDSResNeXtB()

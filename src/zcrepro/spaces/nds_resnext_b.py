"""NDS ResNeXt-B (Radosavovic et al., ICCV 2019): ResNeXt-A with larger widths and more groups.

See ``_stages``. The parameters and flops equal the published ones for all 164 networks trained on ImageNet.
No record of CIFAR-10 was available; its stem is that of ResNet and Vanilla.
"""

from typing import ClassVar

from zcrepro.spaces._stages import CIFAR10, IMAGENET, BottleneckBlock, StageSpace


class NDSResNeXtB(StageSpace):
    """The ResNeXt-B design space of NDS."""

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

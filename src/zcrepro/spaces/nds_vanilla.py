"""NDS Vanilla (Radosavovic et al., ICCV 2019): ResNet without its shortcuts; see ``_stages``.

What is known of its files and of the values of its numbers is said in ``nds_resnet``.
"""

from typing import ClassVar

from zcrepro.spaces import nds_resnet
from zcrepro.spaces._stages import PlainBlock, StageSpace


class NDSVanilla(StageSpace):
    name = "nds_vanilla"
    tasks: ClassVar = nds_resnet.SPACE.tasks
    block = PlainBlock
    block_type = "double_plain_block"
    values: ClassVar = nds_resnet.SPACE.values


SPACE = NDSVanilla()

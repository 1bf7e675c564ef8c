"""NDS Vanilla (Radosavovic et al., ICCV 2019): ResNet without its shortcuts; see ``_stages``.

``nds_resnet`` says what is known about its files and about the possible values.
"""

from typing import ClassVar

from zcrepro.spaces import nds_resnet
from zcrepro.spaces._stages import PlainBlock, StageSpace


class NDSVanilla(StageSpace):
    """The Vanilla design space of NDS."""

    name = "nds_vanilla"
    tasks: ClassVar = nds_resnet.SPACE.tasks
    block = PlainBlock
    block_type = "double_plain_block"
    values: ClassVar = nds_resnet.SPACE.values


SPACE = NDSVanilla()

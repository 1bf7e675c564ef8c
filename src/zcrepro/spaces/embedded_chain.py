"""A chain of six layers, two in each stage of the small skeleton; the order of the operations matters.

An architecture is written ``|conv_3x3|identity|...|``. An identity has no effect at any position in its
stage, so two chains are equal graphs if their stages agree after removing identities.
"""

from torch import nn

from zcrepro.spaces._layers import ReLUConvBN
from zcrepro.spaces._skeleton import CHANNELS, EMBEDDED_TASKS, SmallNetwork
from zcrepro.spaces.base import AdditiveSpace, Arch
from zcrepro.spaces.graph import POOL, SKIP, Graph, chain, conv

LAYERS_PER_STAGE = 2
LABELS = {
    "identity": SKIP,
    "max_pool_3x3": POOL,
    "conv_1x1": conv(1),
    "depthwise_3x3": conv(3),
    "conv_3x3": conv(3),
}


class EmbeddedChain(AdditiveSpace):
    """The embedded benchmark's space of chains."""

    name = "embedded_chain"
    tasks = EMBEDDED_TASKS
    operations = ("identity", "max_pool_3x3", "conv_1x1", "depthwise_3x3", "conv_3x3")
    length = 6

    def text(self, arch: Arch) -> str:
        return f"|{'|'.join(arch)}|"

    def parse(self, text: str) -> Arch:
        arch = self._checked(text.strip("|").split("|"), text)
        if self.text(arch) != text:
            raise ValueError(f"{self.name}: {text!r} is not written as {self.text(arch)!r}")
        return arch

    def canonical(self, arch: Arch) -> str:
        return "+".join("|".join(stage) or "#" for stage in _stages(arch))

    def graph(self, arch: Arch) -> Graph:
        """Return the chain of the six layers, without what joins the stages."""
        return chain(LABELS[operation] for operation in arch)

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        return self.blueprint_of_width(arch, task, CHANNELS)

    def blueprint_of_width(self, arch: Arch, task: str, channels: int) -> nn.Module:
        stages = _stages(arch)
        return SmallNetwork(lambda i, width: _stage(stages[i], width), self.task_shape(task), channels)


def _stages(arch: Arch) -> list[Arch]:
    """Return the operations of each stage, without identities."""
    starts = range(0, len(arch), LAYERS_PER_STAGE)
    return [tuple(op for op in arch[i : i + LAYERS_PER_STAGE] if op != "identity") for i in starts]


def _stage(operations: Arch, channels: int) -> nn.Sequential:
    return nn.Sequential(*(_layer(operation, channels) for operation in operations))


def _layer(operation: str, channels: int) -> nn.Module:
    if operation == "max_pool_3x3":
        return nn.MaxPool2d(3, stride=1, padding=1)
    if operation == "conv_1x1":
        return ReLUConvBN(channels, channels, 1)
    groups = channels if operation == "depthwise_3x3" else 1
    return ReLUConvBN(channels, channels, 3, groups=groups)


SPACE = EmbeddedChain()

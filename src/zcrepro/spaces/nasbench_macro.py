"""NAS-Bench-Macro (Su et al., CVPR 2021): one of three blocks at each of eight positions.

An architecture is written as in the benchmark, with one digit per position, ``02012100``: 0 is no block, 1 is
a MobileNetV2 block of kernel 3 and expansion 3, and 2 is one of kernel 5 and expansion 6. The positions form
stages of 2, 3 and 3. The first position of a stage halves the resolution and doubles the channels; a 0 there
is a 1x1 projection. A 0 elsewhere has no effect, so its position within the stage does not matter, and the
6,561 texts are 3,969 graphs. The authors trained each graph once, with its zeros last in each stage, and gave
all its texts the same accuracies.
"""

import re
from collections.abc import Iterator
from typing import ClassVar

from torch import Tensor, nn

from zcrepro.networks.multiply_adds import multiply_adds
from zcrepro.spaces._convolutions import conv_bn, conv_bn_relu
from zcrepro.spaces.base import AdditiveSpace, Arch, TaskShape
from zcrepro.spaces.graph import SKIP, Graph, Operation, chain, conv

STAGES = (2, 3, 3)
NOTHING = "0"
EXPANSION_AND_KERNEL = {"1": (3, 3), "2": (6, 5)}

STEM_CHANNELS = 32
FEATURES = 1280


class NASBenchMacro(AdditiveSpace):
    """The search space of NAS-Bench-Macro."""

    name = "nasbench_macro"
    tasks: ClassVar = {"cifar10": TaskShape((3, 32, 32), (10,))}
    counts_of = "modules"
    count_flops = staticmethod(multiply_adds)
    operations = (NOTHING, *EXPANSION_AND_KERNEL)
    length = sum(STAGES)

    def text(self, arch: Arch) -> str:
        return "".join(arch)

    def parse(self, text: str) -> Arch:
        tokens = re.findall("[012]|[^012]+", text)  # other characters stay together, for the error message
        return self._checked(tokens, text)

    def canonical(self, arch: Arch) -> str:
        return "".join("".join(stage) for stage in stages_zeros_last(arch))

    def graph(self, arch: Arch) -> Graph:
        """Return the chain of the eight positions: each block is a convolution of its kernel."""
        return chain(
            _label(operation, stride=1 if place else 2)
            for stage in stages_zeros_last(arch)
            for place, operation in enumerate(stage)
        )

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        return Network(arch, self.task_shape(task).classes)


def _label(operation: str, stride: int) -> Operation:
    if operation == NOTHING:
        return SKIP if stride == 1 else conv(1, stride)
    _, kernel = EXPANSION_AND_KERNEL[operation]
    return conv(kernel, stride)


def stages_zeros_last(arch: Arch) -> Iterator[Arch]:
    """Yield the operations of each stage, with zeros moved to the end except at its first position."""
    for i, length in enumerate(STAGES):
        start = sum(STAGES[:i])
        first, *others = arch[start : start + length]
        yield (first, *sorted(others, key=lambda operation: operation == NOTHING))


class Network(nn.Module):
    """Network of eight blocks, (batch, 3, height, width) to (batch, classes)."""

    def __init__(self, arch: Arch, classes: int) -> None:
        super().__init__()
        channels = STEM_CHANNELS
        self.stem = conv_bn_relu(3, channels, 3)
        self.layers = nn.Sequential()
        for first, *others in stages_zeros_last(arch):
            self.layers.append(layer(first, channels, 2 * channels, stride=2))
            channels *= 2
            self.layers.extend(layer(operation, channels, channels, stride=1) for operation in others)
        self.features = conv_bn_relu(channels, FEATURES, 1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(FEATURES, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.pool(self.features(self.layers(self.stem(x)))).flatten(1))


def layer(operation: str, inputs: int, outputs: int, stride: int) -> nn.Module:
    """Return the module of an operation."""
    if operation != NOTHING:
        return InvertedResidual(inputs, outputs, stride, *EXPANSION_AND_KERNEL[operation])
    if stride == 1:
        return nn.Identity()
    return conv_bn(inputs, outputs, 1, stride)


class InvertedResidual(nn.Module):
    """MobileNetV2 block: expansion, depthwise convolution and projection, with a shortcut at stride 1."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int, kernel: int) -> None:
        super().__init__()
        hidden = expansion * inputs
        self.transform = nn.Sequential(
            conv_bn_relu(inputs, hidden, 1),
            conv_bn_relu(hidden, hidden, kernel, stride, groups=hidden),
            conv_bn(hidden, outputs, 1),
        )
        self.has_shortcut = stride == 1

    def forward(self, x: Tensor) -> Tensor:
        return x + self.transform(x) if self.has_shortcut else self.transform(x)


SPACE = NASBenchMacro()

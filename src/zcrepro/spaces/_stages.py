"""Networks in stages: the standard design spaces of NDS.

Source: Radosavovic et al., On Network Design Spaces for Visual Recognition, ICCV 2019, and pycls,
the code they trained with. A network is a stem, three stages, global average pooling and a linear
classifier. A stage is ``d`` equal blocks of ``w`` channels; the first block of the second and of
the third stage halves the resolution. Bottleneck blocks are narrower inside by the ratio ``r``, in
``g`` groups. Every number comes from a short list, which is the design space; the groups divide the
channels wherever they meet, so no network has to be adjusted.

The stems follow from the published counts. CIFAR-10: one 3x3 convolution to 16 channels. ImageNet:
three 3x3 convolutions of stride 2, to 32, 64 and 64 channels. The loaders of later papers that
build these networks from the same records give them another stem, and take the number of groups
for the channels of a group, so that proxies were reported on networks that nobody trained.
"""

import re
from collections.abc import Mapping
from itertools import chain
from math import prod
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from zcrepro.networks.multiply_adds import counted
from zcrepro.spaces._convolutions import conv_bn, conv_bn_relu
from zcrepro.spaces.base import Space, TaskShape

Stage = tuple[int, ...]
"""Depth and width, then ratio and groups where the blocks have them: the order of ``values``."""

Stages = tuple[Stage, ...]

STRIDES = (1, 2, 2)
STEMS = {"cifar10": (1, 16), "ImageNet": (8, 64)}  # stride and channels

CIFAR10 = TaskShape((3, 32, 32), (10,))
IMAGENET = TaskShape((3, 224, 224), (1000,))


def stage_flops(model: nn.Module, images: Tensor) -> int:
    """As the authors counted these networks: the products of convolutions and classifier, the
    classifier's biases, and five for every output of a BatchNorm."""
    return counted(model, images, _cost)


def _cost(module: nn.Module, _: Tensor, output: Tensor) -> int:
    if isinstance(module, nn.Conv2d):
        return output.numel() * module.weight[0].numel()
    if isinstance(module, nn.Linear):
        return output.numel() * (module.in_features + 1)
    if isinstance(module, nn.BatchNorm2d):
        return 5 * output.numel()
    return 0


class StageSpace(Space):
    """A design space: its kind of block, and the values of each number of a stage.

    An architecture is written stage by stage, ``d1w16r4g1|d2w128r2g2|d2w128r4g2``. No two texts are
    equal graphs.
    """

    count_flops = staticmethod(stage_flops)
    block: ClassVar[type[nn.Module]]
    block_type: ClassVar[str]  # the block's name in the records of NDS
    values: ClassVar[Mapping[str, tuple[int, ...]]]  # by the letter that stands before a number

    @property
    def size(self) -> int:
        return prod(map(len, self.values.values())) ** len(STRIDES)

    def text(self, arch: Stages) -> str:
        return "|".join(
            "".join(f"{letter}{number:g}" for letter, number in zip(self.values, stage, strict=True))
            for stage in arch
        )

    def parse(self, text: str) -> Stages:
        tokens = text.split("|")
        if len(tokens) != len(STRIDES):
            raise ValueError(f"{self.name}: expected {len(STRIDES)} stages, found {len(tokens)} in {text!r}")
        arch = tuple(self._stage(token, text) for token in tokens)
        if self.text(arch) != text:
            raise ValueError(f"{self.name}: {text!r} is not written as {self.text(arch)!r}")
        return arch

    def _stage(self, token: str, text: str) -> Stage:
        match = re.fullmatch("".join(rf"{letter}(\d+)" for letter in self.values), token)
        stage = tuple(map(int, match.groups())) if match else ()
        if not stage or any(n not in known for n, known in zip(stage, self.values.values(), strict=True)):
            known = "; ".join(f"{letter} from {numbers}" for letter, numbers in self.values.items())
            raise ValueError(f"{self.name}: unknown stage {token!r} in {text!r}; a stage has {known}")
        return stage

    def from_net(self, net: Mapping[str, Any]) -> Stages:
        """The architecture of a record's ``net``, as in the files of NDS.

        ``ds``, ``ws``, ``ss`` (strides), ``bot_muls`` and ``num_gs`` begin with the stem. Raises
        ValueError for another block, another stem, or numbers that are not of the space.
        """
        if (
            net.get("block_type") != self.block_type
            or (net["ss"][0], net["ws"][0]) not in STEMS.values()
            or tuple(net["ss"][1:]) != STRIDES
        ):
            raise ValueError(f"{self.name}: a network of other blocks, strides or stem: {dict(net)}")
        ratios = [1 / multiplier for multiplier in net["bot_muls"]]
        numbers = {"d": net["ds"], "w": net["ws"], "r": ratios, "g": net["num_gs"]}
        stages = zip(*(numbers[letter][1:] for letter in self.values), strict=True)
        return self.parse(self.text(tuple(stages)))

    def canonical(self, arch: Stages) -> str:
        return self.text(arch)

    def blueprint(self, arch: Stages, task: str) -> nn.Module:
        classes = self.task_shape(task).classes
        return Network(stem(task), STEMS[task][1], self.block, arch, STRIDES, classes)

    def sample(self, rng: np.random.Generator) -> Stages:
        return tuple(
            tuple(values[rng.integers(len(values))] for values in self.values.values()) for _ in STRIDES
        )

    def neighbours(self, arch: Stages) -> list[Stages]:
        """One number of one stage is another value."""
        return [
            (*arch[:i], (*stage[:j], value, *stage[j + 1 :]), *arch[i + 1 :])
            for i, stage in enumerate(arch)
            for j, values in enumerate(self.values.values())
            for value in values
            if value != stage[j]
        ]

    def distance(self, a: Stages, b: Stages) -> int:
        pairs = zip(chain.from_iterable(a), chain.from_iterable(b), strict=True)
        return sum(mine != other for mine, other in pairs)


class Network(nn.Module):
    """(batch, 3, side, side) to (batch, classes). ``channels`` are those of the stem."""

    def __init__(
        self,
        stem: nn.Module,
        channels: int,
        block: type[nn.Module],
        stages: Stages,
        strides: tuple[int, ...],
        classes: int,
    ) -> None:
        super().__init__()
        self.stem = stem
        self.stages = nn.Sequential()
        for stride, (depth, width, *form) in zip(strides, stages, strict=True):
            first = block(channels, width, stride, *form)
            self.stages.append(
                nn.Sequential(first, *(block(width, width, 1, *form) for _ in range(1, depth)))
            )
            channels = width
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.pool(self.stages(self.stem(x))).flatten(1))


def stem(task: str) -> nn.Sequential:
    """RGB to the stem's channels, at its stride."""
    _, channels = STEMS[task]
    if task == "cifar10":
        return conv_bn_relu(3, channels, 3)
    layers = [(3, channels // 2), (channels // 2, channels), (channels, channels)]
    return nn.Sequential(*(conv_bn_relu(inputs, outputs, 3, stride=2) for inputs, outputs in layers))


class PlainBlock(nn.Sequential):
    """Two 3x3 convolutions, without a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(conv_bn_relu(inputs, outputs, 3, stride), conv_bn_relu(outputs, outputs, 3))


class ResidualBlock(nn.Module):
    """ReLU of ``transform`` plus the input, which is projected where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int, *transform: nn.Module) -> None:
        super().__init__()
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else conv_bn(inputs, outputs, 1, stride)
        self.transform = nn.Sequential(*transform)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.shortcut(x) + self.transform(x))


class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        first, second = conv_bn_relu(inputs, outputs, 3, stride), conv_bn(outputs, outputs, 3)
        super().__init__(inputs, outputs, stride, first, second)


class BottleneckBlock(ResidualBlock):
    """1x1, grouped 3x3 and 1x1 convolutions; the inner ones have a ``ratio``-th of the channels."""

    def __init__(self, inputs: int, outputs: int, stride: int, ratio: int, groups: int) -> None:
        inner = outputs // ratio
        super().__init__(
            inputs,
            outputs,
            stride,
            conv_bn_relu(inputs, inner, 1),
            conv_bn_relu(inner, inner, 3, stride, groups),
            conv_bn(inner, outputs, 1),
        )

"""Build networks in stages: the standard design spaces of NDS.

Source: Radosavovic et al., On Network Design Spaces for Visual Recognition, ICCV 2019, and pycls, the code
with which they trained. A network consists of a stem, three stages, global average pooling and a linear
classifier. A stage has ``d`` equal blocks of ``w`` channels. The first block of the second and of the third
stage halves the resolution. Bottleneck blocks divide the channels of their inner convolutions by the ratio
``r``, and have ``g`` groups. A design space is a short list of values for each of these numbers. The groups
divide the channels for all combinations, so no network has to be adjusted.

The stems follow from the published counts. On CIFAR-10 it is one 3x3 convolution to 16 channels. On ImageNet
there are three 3x3 convolutions of stride 2, to 32, 64 and 64 channels. Later papers load these records with
another stem, and take the number of groups for the channels per group. They therefore report proxies on
networks that were never trained.
"""

import re
from collections.abc import Mapping
from itertools import chain as chained
from math import prod
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from zcrepro.networks.multiply_adds import counted
from zcrepro.spaces._convolutions import conv_bn, conv_bn_relu
from zcrepro.spaces.base import Space, TaskShape
from zcrepro.spaces.graph import Graph, chain, conv

Stage = tuple[int, ...]
"""Depth and width, then ratio and groups if the blocks have them: the order of ``values``."""

Stages = tuple[Stage, ...]

STRIDES = (1, 2, 2)
STEMS = {"cifar10": (1, 16), "ImageNet": (8, 64)}  # task -> stride and channels

CIFAR10 = TaskShape((3, 32, 32), (10,))
IMAGENET = TaskShape((3, 224, 224), (1000,))


def stage_flops(model: nn.Module, images: Tensor) -> int:
    """Return the multiply-adds as the authors counted these networks.

    These are the products in convolutions and the classifier, plus one per bias of the classifier and five
    per output of a BatchNorm.
    """
    return counted(model, images, _cost)


def _cost(module: nn.Module, _: Tensor, output: Tensor) -> int:
    """Return the cost of one module, given its output."""
    if isinstance(module, nn.Conv2d):
        return output.numel() * module.weight[0].numel()
    if isinstance(module, nn.Linear):
        return output.numel() * (module.in_features + 1)
    if isinstance(module, nn.BatchNorm2d):
        return 5 * output.numel()
    return 0


class StageSpace(Space):
    """A standard design space: a type of block, and the possible values of each number of a stage.

    An architecture is written stage by stage, ``d1w16r4g1|d2w128r2g2|d2w128r4g2``. No two texts are equal
    graphs.
    """

    counts_of = "modules"
    count_flops = staticmethod(stage_flops)
    block: ClassVar[type[nn.Module]]
    block_type: ClassVar[str]  # name of the block in the records of NDS
    values: ClassVar[Mapping[str, tuple[int, ...]]]  # letter before a number -> possible values

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
        """Return the stage written as ``token``. Raises ValueError, quoting ``text``, if it is malformed."""
        match = re.fullmatch("".join(rf"{letter}(\d+)" for letter in self.values), token)
        stage = tuple(map(int, match.groups())) if match else ()
        if not stage or any(n not in known for n, known in zip(stage, self.values.values(), strict=True)):
            known = "; ".join(f"{letter} from {numbers}" for letter, numbers in self.values.items())
            raise ValueError(f"{self.name}: unknown stage {token!r} in {text!r}; a stage has {known}")
        return stage

    def from_net(self, net: Mapping[str, Any]) -> Stages:
        """Return the architecture of the ``net`` of a record in the files of NDS.

        The lists ``ds``, ``ws``, ``ss`` (strides), ``bot_muls`` and ``num_gs`` begin with the stem. Raises
        ValueError for another type of block, another stem, or values that are not in the space.
        """
        if (
            net.get("block_type") != self.block_type
            or (net["ss"][0], net["ws"][0]) not in STEMS.values()
            or tuple(net["ss"][1:]) != STRIDES
        ):
            raise ValueError(f"{self.name}: the network has other blocks, strides or stem: {dict(net)}")
        ratios = [1 / multiplier for multiplier in net["bot_muls"]]
        numbers = {"d": net["ds"], "w": net["ws"], "r": ratios, "g": net["num_gs"]}
        stages = zip(*(numbers[letter][1:] for letter in self.values), strict=True)
        return self.parse(self.text(tuple(stages)))

    def canonical(self, arch: Stages) -> str:
        return self.text(arch)

    def graph(self, arch: Stages) -> Graph:
        """Return the chain of blocks: each is a 3x3 convolution. Widths, ratios and groups are left out."""
        return chain(
            conv(3, stride if block == 0 else 1)
            for stride, (depth, *_) in zip(STRIDES, arch, strict=True)
            for block in range(depth)
        )

    def blueprint(self, arch: Stages, task: str) -> nn.Module:
        classes = self.task_shape(task).classes
        return Network(stem(task), STEMS[task][1], self.block, arch, STRIDES, classes)

    def sample(self, rng: np.random.Generator) -> Stages:
        return tuple(
            tuple(values[rng.integers(len(values))] for values in self.values.values()) for _ in STRIDES
        )

    def neighbours(self, arch: Stages) -> list[Stages]:
        """Return all architectures that differ in one number of one stage."""
        return [
            (*arch[:i], (*stage[:j], value, *stage[j + 1 :]), *arch[i + 1 :])
            for i, stage in enumerate(arch)
            for j, values in enumerate(self.values.values())
            for value in values
            if value != stage[j]
        ]

    def distance(self, a: Stages, b: Stages) -> int:
        pairs = zip(chained.from_iterable(a), chained.from_iterable(b), strict=True)
        return sum(mine != other for mine, other in pairs)


class Network(nn.Module):
    """Network of stages, (batch, 3, height, width) to (batch, classes).

    ``channels`` is the number of channels of the stem.
    """

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
    """Return the stem of ``task``, (batch, 3, height, width) to its channels and resolution."""
    _, channels = STEMS[task]
    if task == "cifar10":
        return conv_bn_relu(3, channels, 3)
    layers = [(3, channels // 2), (channels // 2, channels), (channels, channels)]
    return nn.Sequential(*(conv_bn_relu(inputs, outputs, 3, stride=2) for inputs, outputs in layers))


class PlainBlock(nn.Sequential):
    """Two 3x3 convolutions without a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(conv_bn_relu(inputs, outputs, 3, stride), conv_bn_relu(outputs, outputs, 3))


class ResidualBlock(nn.Module):
    """Residual block: ReLU of ``transform`` plus the input, which is projected if the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int, *transform: nn.Module) -> None:
        super().__init__()
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else conv_bn(inputs, outputs, 1, stride)
        self.transform = nn.Sequential(*transform)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.shortcut(x) + self.transform(x))


class BasicBlock(ResidualBlock):
    """Residual block of two 3x3 convolutions."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        first, second = conv_bn_relu(inputs, outputs, 3, stride), conv_bn(outputs, outputs, 3)
        super().__init__(inputs, outputs, stride, first, second)


class BottleneckBlock(ResidualBlock):
    """Residual block of 1x1, grouped 3x3 and 1x1 convolutions; inner channels are divided by ``ratio``."""

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

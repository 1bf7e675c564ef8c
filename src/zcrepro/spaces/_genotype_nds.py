"""The five cell-based design spaces of NDS (Radosavovic et al., On Network Design Spaces, ICCV 2019).

Each space has the operations and the number of nodes of an earlier search method. Unlike there, the width
(channels of the first cells) and the depth (number of cells) vary as well. An architecture is therefore a
genotype with width and depth: ``normal: ...; reduce: ...; width: 32; depth: 14``. Both edges of a node may
have the same source node. The paper counts the two edges of a node in order (242 billion DARTS cells). Here
they are unordered, so ``size`` is smaller.

``sample`` and ``neighbours`` stay within ``WIDTHS`` and ``DEPTHS``, which are the values on CIFAR-10
according to NNI's copy of these spaces. A text may have others: the records on ImageNet have widths from 32
to 96 in steps of 16, and depths from 6 to 22 in steps of 4.

The networks are those of the authors' code (pycls, released with UnNAS, Liu et al., ECCV 2020) without the
auxiliary head, which no record has. Their parameters and flops equal the published ones for every record on
ImageNet.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from zcrepro.networks.multiply_adds import counted
from zcrepro.spaces._genotype import Genotype
from zcrepro.spaces._genotype_network import (
    ImageNetStem,
    Part,
    Place,
    SmallStem,
    StackedGenotypeSpace,
    halved,
)
from zcrepro.spaces.base import TaskShape

CIFAR10 = TaskShape((3, 32, 32), (10,))
IMAGENET = TaskShape((3, 224, 224), (1000,))
STEM_MULTIPLIER = 3  # channels of the small stem per channel of the first cells

WIDTHS = (16, 24, 32)
DEPTHS = (4, 8, 12, 16, 20)


def genotype_flops(model: nn.Module, images: Tensor) -> int:
    """Return the multiply-adds as the authors counted these networks.

    These are the products in convolutions and the classifier, plus one per bias of the classifier, one per
    input of a ReLU, and the window's area per output of a pooling. A dilated convolution is counted with its
    padding but without its dilation, which gives it a larger output than it has.
    """
    return counted(model, images, _cost)


def _cost(module: nn.Module, inputs: Tensor, output: Tensor) -> int:
    """Return the cost of one module, given its input and output."""
    if isinstance(module, nn.Conv2d):
        padding: Any = module.padding
        sides = zip(inputs.shape[2:], padding, module.kernel_size, module.stride, strict=True)
        return module.weight.numel() * prod((side + 2 * p - k) // s + 1 for side, p, k, s in sides)
    if isinstance(module, nn.Linear):
        return module.weight.numel() + module.out_features
    if isinstance(module, nn.ReLU | nn.AdaptiveAvgPool2d):  # the only window of a global pooling is its input
        return inputs.numel()
    if isinstance(module, nn.AvgPool2d | nn.MaxPool2d):
        return output.numel() * int(module.kernel_size) ** 2  # type: ignore[arg-type]
    return 0


class NDSGenotypeSpace(StackedGenotypeSpace):
    """A cell-based design space of NDS: genotypes with width and depth."""

    tasks: ClassVar = {"cifar10": CIFAR10, "ImageNet": IMAGENET}
    count_flops = staticmethod(genotype_flops)

    @property
    def size(self) -> int:
        """Return the number of architectures that ``sample`` draws from."""
        return super().size * len(WIDTHS) * len(DEPTHS)

    def text(self, arch: Genotype) -> str:
        normal, reduce, width, depth = arch
        return f"{super().text((normal, reduce))}; width: {width}; depth: {depth}"

    def parse(self, text: str) -> Genotype:
        normal, reduce, width, depth = self._fields(text, "normal", "reduce", "width", "depth")
        cells = self._cell(normal, text), self._cell(reduce, text)
        return self._exact((*cells, *self._checked_size(width, depth, text)), text)

    def from_net(self, net: Mapping[str, Any]) -> Genotype:
        """Return the architecture of the ``net`` of a record in the released files.

        Raises ValueError if it is not in this space, has an auxiliary head, or concatenates other nodes than
        the cells of this space do.
        """
        try:
            genotype, width, depth, auxiliary = net["genotype"], net["width"], net["depth"], net["aux"]
            normal, reduce = (self.genotype_cell(genotype[name]) for name in ("normal", "reduce"))
            concatenated = genotype["normal_concat"], genotype["reduce_concat"]
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{self.name}: {dict(net)} is not a genotype with width and depth: {error!r}"
            ) from error
        if auxiliary:
            raise ValueError(f"{self.name}: {dict(net)} has an auxiliary head, which the network here lacks")
        if concatenated != (list(self.outputs(normal)), list(self.outputs(reduce))):
            raise ValueError(
                f"{self.name}: {dict(net)} concatenates {concatenated}, but the cells of this space "
                f"give {self.outputs(normal)} and {self.outputs(reduce)}"
            )
        return self.parse(self.text((normal, reduce, width, depth)))

    def sample(self, rng: np.random.Generator) -> Genotype:
        cells = super().sample(rng)
        return (*cells, int(rng.choice(WIDTHS)), int(rng.choice(DEPTHS)))

    def neighbours(self, arch: Genotype) -> list[Genotype]:
        """Return all architectures that differ in one edge, in the width or in the depth."""
        *cells, width, depth = arch
        wider = [(*cells, other, depth) for other in WIDTHS if other != width]
        deeper = [(*cells, width, other) for other in DEPTHS if other != depth]
        return super().neighbours(arch) + wider + deeper

    def distance(self, a: Genotype, b: Genotype) -> int:
        return super().distance(a, b) + sum(mine != other for mine, other in zip(a[2:], b[2:], strict=True))

    def stem(self, arch: Genotype, task: str) -> Part:
        width, images = arch[2], self.task_shape(task)
        if images == IMAGENET:
            return Part(ImageNetStem, (width,), images.input)
        return Part(SmallStem, (images.channels, STEM_MULTIPLIER * width), images.input)

    def places(self, arch: Genotype, task: str) -> list[Place]:
        normal, reduce, width, depth = arch
        images = self.task_shape(task)
        _, *size = images.input
        if images == IMAGENET:
            before_last = halved(halved((width, *size)))
            return self.stacked((normal, reduce), width, depth, (before_last, halved(before_last)))
        stem = (STEM_MULTIPLIER * width, *size)
        return self.stacked((normal, reduce), width, depth, (stem, stem))

    def _checked_size(self, width: str, depth: str, text: str) -> tuple[int, int]:
        """Return width and depth. Raises ValueError if the width is odd or the depth is below 3."""
        if not (width.isdecimal() and int(width) >= 2 and int(width) % 2 == 0):
            raise ValueError(f"{self.name}: width {width!r} is not an even number in {text!r}")
        if not (depth.isdecimal() and int(depth) >= 3):
            raise ValueError(f"{self.name}: depth {depth!r} is not a number of at least 3 in {text!r}")
        return int(width), int(depth)

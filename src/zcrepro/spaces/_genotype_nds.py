"""The five cell-based design spaces of NDS (Radosavovic et al., On Network Design Spaces, ICCV 2019).

Each has the operations and the number of nodes of a search method of its time; unlike there, the
width (channels of the first cells) and the depth (cells) vary too, so an architecture is a
genotype with width and depth: ``normal: ...; reduce: ...; width: 32; depth: 14``. Both edges of a
node may come from one source. The paper counts a node's two edges in order (242 billion DARTS
cells); we do not, so ``size`` is smaller.

``sample`` and ``neighbours`` keep to ``WIDTHS`` and ``DEPTHS``, which are those of CIFAR-10 (so says NNI's
copy of these spaces). A text may have others: the records on ImageNet have widths from 32 to 96 and
depths from 6 to 22, in steps of 16 and 4.

The networks are those of the authors' code (pycls, released with UnNAS, Liu et al., ECCV 2020),
without the auxiliary head, which no record has. Their parameters and operations are the published
ones for every record on ImageNet.
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
STEM_MULTIPLIER = 3  # the small stem has three times the channels of the first cells

WIDTHS = (16, 24, 32)
DEPTHS = (4, 8, 12, 16, 20)


def genotype_flops(model: nn.Module, images: Tensor) -> int:
    """As the authors counted these networks: products of convolutions and classifier, the classifier's
    biases, one for each ReLU, the window's area for pooling. A dilated convolution counts as if it
    were not dilated, but padded all the same: its output is then larger than it is."""
    return counted(model, images, _cost)


def _cost(module: nn.Module, inputs: Tensor, output: Tensor) -> int:
    if isinstance(module, nn.Conv2d):
        padding: Any = module.padding
        sides = zip(inputs.shape[2:], padding, module.kernel_size, module.stride, strict=True)
        return module.weight.numel() * prod((side + 2 * p - k) // s + 1 for side, p, k, s in sides)
    if isinstance(module, nn.Linear):
        return module.weight.numel() + module.out_features
    if isinstance(module, nn.ReLU | nn.AdaptiveAvgPool2d):  # the pooling's one window is its input
        return inputs.numel()
    if isinstance(module, nn.AvgPool2d | nn.MaxPool2d):
        return output.numel() * int(module.kernel_size) ** 2  # type: ignore[arg-type]
    return 0


class NDSGenotypeSpace(StackedGenotypeSpace):
    """Genotypes with width and depth."""

    tasks: ClassVar = {"cifar10": CIFAR10, "ImageNet": IMAGENET}
    count_flops = staticmethod(genotype_flops)

    @property
    def size(self) -> int:
        """How many architectures ``sample`` draws from."""
        return super().size * len(WIDTHS) * len(DEPTHS)

    def text(self, arch: Genotype) -> str:
        normal, reduce, width, depth = arch
        return f"{super().text((normal, reduce))}; width: {width}; depth: {depth}"

    def parse(self, text: str) -> Genotype:
        normal, reduce, width, depth = self._fields(text, "normal", "reduce", "width", "depth")
        cells = self._cell(normal, text), self._cell(reduce, text)
        return self._exact((*cells, *self._checked_size(width, depth, text)), text)

    def from_net(self, net: Mapping[str, Any]) -> Genotype:
        """The architecture of the ``net`` of a record of the released data.

        Raises ValueError where it is not of this space, has an auxiliary head, or concatenates
        other nodes than the cells of this space do.
        """
        try:
            genotype, width, depth, auxiliary = net["genotype"], net["width"], net["depth"], net["aux"]
            normal, reduce = (self.genotype_cell(genotype[name]) for name in ("normal", "reduce"))
            concatenated = genotype["normal_concat"], genotype["reduce_concat"]
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{self.name}: {dict(net)} is no genotype with width and depth: {error!r}"
            ) from error
        if auxiliary:
            raise ValueError(f"{self.name}: {dict(net)} has an auxiliary head, which our network has not")
        if concatenated != (list(self.outputs(normal)), list(self.outputs(reduce))):
            raise ValueError(
                f"{self.name}: {dict(net)} concatenates {concatenated}, where the cells of this space "
                f"give {self.outputs(normal)} and {self.outputs(reduce)}"
            )
        return self.parse(self.text((normal, reduce, width, depth)))

    def sample(self, rng: np.random.Generator) -> Genotype:
        cells = super().sample(rng)
        return (*cells, int(rng.choice(WIDTHS)), int(rng.choice(DEPTHS)))

    def neighbours(self, arch: Genotype) -> list[Genotype]:
        """As for genotypes; and another width or another depth."""
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
        if not (width.isdecimal() and int(width) >= 2 and int(width) % 2 == 0):
            raise ValueError(f"{self.name}: width {width!r} is no even number in {text!r}")
        if not (depth.isdecimal() and int(depth) >= 3):
            raise ValueError(f"{self.name}: depth {depth!r} is no number from 3 in {text!r}")
        return int(width), int(depth)

"""Networks of DARTS-like cells, stacked as DARTS does (Liu et al., ICLR 2019).

Of all cells, those at a third and at two thirds are reduction cells: they halve the resolution and
double the channels. Every cell sees the outputs of the two cells before it, each brought to its
own channels and resolution first.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from zcrepro.spaces._genotype import Cell, Genotype, GenotypeSpace
from zcrepro.spaces._genotype_layers import FactorisedReduction, operation_module
from zcrepro.spaces._layers import ConvBN, ReLUConvBN

Shape = tuple[int, ...]
"""Channels, height, width."""


@dataclass(frozen=True)
class Part:
    """A module, described: how it is made, and the shape of what it gets for one example."""

    make: Callable[..., nn.Module]
    arguments: tuple[Any, ...]
    input: Shape

    def build(self) -> nn.Module:
        return self.make(*self.arguments)


@dataclass(frozen=True)
class Place:
    """A cell's place in a network: which cell, which inputs, how many channels in each node."""

    cell: Cell
    outputs: tuple[int, ...]
    inputs: tuple[Shape, Shape]
    channels: int
    reduces: bool
    search_form: bool

    @property
    def output(self) -> Shape:
        height, width = self._node_size
        return len(self.outputs) * self.channels, height, width

    @property
    def before_last(self) -> Part:
        """What brings the output of the cell before last to this cell's channels and resolution."""
        before_last, last = self.inputs
        arguments = (before_last[0], self.channels)
        if before_last[1:] == last[1:]:
            return Part(ReLUConvBN, (*arguments, 1), before_last)
        return Part(FactorisedReduction, arguments, before_last)

    @property
    def last(self) -> Part:
        """What brings the output of the last cell to this cell's channels."""
        return Part(ReLUConvBN, (self.inputs[1][0], self.channels, 1), self.inputs[1])

    @property
    def edges(self) -> list[Part]:
        """The operations, node by node. In a reduction cell, those on the inputs have stride 2."""
        return [
            self._edge(operation, of_input=source < 2) for node in self.cell for source, operation in node
        ]

    def _edge(self, operation: str, of_input: bool) -> Part:
        stride = 2 if of_input and self.reduces else 1
        height, width = self.inputs[1][1:] if of_input else self._node_size
        arguments = (operation, self.channels, stride, self.search_form)
        return Part(operation_module, arguments, (self.channels, height, width))

    @property
    def _node_size(self) -> tuple[int, int]:
        _, height, width = halved(self.inputs[1]) if self.reduces else self.inputs[1]
        return height, width


def halved(shape: Shape) -> Shape:
    """The shape after a convolution of stride 2 that is padded."""
    channels, height, width = shape
    return channels, (height + 1) // 2, (width + 1) // 2


class StackedGenotypeSpace(GenotypeSpace):
    """Genotypes and their networks.

    Parameters and flops are summed over the parts that a network is built of, each counted once.
    """

    search_form: ClassVar[bool] = False
    """Whether the operations are in the form that DARTS searches with."""

    @abstractmethod
    def stem(self, arch: Genotype, task: str) -> Part:
        """What maps images to the two inputs of the first cell."""

    @abstractmethod
    def places(self, arch: Genotype, task: str) -> list[Place]:
        """The cells in their order."""

    def stacked(
        self, cells: tuple[Cell, Cell], channels: int, depth: int, inputs: tuple[Shape, Shape]
    ) -> list[Place]:
        """``depth`` cells, ``channels`` in each node of the first; ``inputs`` are those of the first cell."""
        normal, reduce = cells
        found: list[Place] = []
        for index in range(depth):
            reduces = index in (depth // 3, 2 * depth // 3)
            channels *= 2 if reduces else 1
            cell = reduce if reduces else normal
            place = Place(cell, self.outputs(cell), inputs, channels, reduces, self.search_form)
            inputs = (inputs[1], place.output)
            found.append(place)
        return found

    def blueprint(self, arch: Genotype, task: str) -> nn.Module:
        arch = self.representative(arch)
        places = self.places(arch, task)
        return GenotypeNetwork(self.stem(arch, task), places, self._head(places, task))

    def parameters(self, arch: Genotype, task: str) -> int:
        return sum(map(_parameters, self._parts(arch, task)))

    def flops(self, arch: Genotype, task: str) -> int:
        return sum(_flops(part, self.count_flops) for part in self._parts(arch, task))

    def _parts(self, arch: Genotype, task: str) -> Iterator[Part]:
        places = self.places(arch, task)
        yield self.stem(arch, task)
        for place in places:
            yield from (place.before_last, place.last, *place.edges)
        yield self._head(places, task)

    def _head(self, places: list[Place], task: str) -> Part:
        features = places[-1].output
        return Part(head, (features[0], self.task_shape(task).classes), features)


@cache
def _parameters(part: Part) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in part.build().parameters())


@cache
def _flops(part: Part, count: Callable[[nn.Module, Tensor], int]) -> int:
    with torch.device("meta"):
        return count(part.build(), torch.zeros(1, *part.input))


class GenotypeNetwork(nn.Module):
    """(batch, channels, height, width) to (batch, classes)."""

    def __init__(self, stem: Part, places: list[Place], head: Part) -> None:
        super().__init__()
        self.stem = stem.build()
        self.cells = nn.ModuleList(map(CellModule, places))
        self.head = head.build()

    def forward(self, x: Tensor) -> Tensor:
        before_last, last = self.stem(x)
        for cell in self.cells:
            before_last, last = last, cell(before_last, last)
        return self.head(last)


class CellModule(nn.Module):
    """The outputs of the two cells before to this cell's output."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.before_last = place.before_last.build()
        self.last = place.last.build()
        self.edges = nn.ModuleList(edge.build() for edge in place.edges)

    def forward(self, before_last: Tensor, last: Tensor) -> Tensor:
        states = [self.before_last(before_last), self.last(last)]
        edges = iter(self.edges)
        for (first, _), (second, _) in self.place.cell:
            states.append(next(edges)(states[first]) + next(edges)(states[second]))
        return torch.cat([states[number] for number in self.place.outputs], dim=1)


class SmallStem(nn.Module):
    """For small images: one convolution, whose output is both inputs of the first cell."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = ConvBN(inputs, outputs, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.conv(x)
        return x, x


class ImageNetStem(nn.Module):
    """Three convolutions of stride 2; the inputs of the first cell are the outputs of the last two."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.before_last = nn.Sequential(
            nn.Conv2d(3, outputs // 2, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(outputs // 2),
            ReLUConvBN(outputs // 2, outputs, 3, stride=2),
        )
        self.last = ReLUConvBN(outputs, outputs, 3, stride=2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        before_last = self.before_last(x)
        return before_last, self.last(before_last)


def head(features: int, classes: int) -> nn.Sequential:
    """Global average pooling and a linear classifier."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, classes))

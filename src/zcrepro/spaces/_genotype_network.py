"""Build networks of DARTS-like cells, stacked as DARTS does (Liu et al., ICLR 2019).

The cells at one third and at two thirds of the depth are reduction cells, which halve the resolution and
double the channels. Every cell reads the outputs of the two cells before it, each preprocessed to the cell's
channels and resolution.
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
    """Description of a module: its constructor with arguments, and the shape of its input for one example."""

    make: Callable[..., nn.Module]
    arguments: tuple[Any, ...]
    input: Shape

    def build(self) -> nn.Module:
        """Return the module."""
        return self.make(*self.arguments)


@dataclass(frozen=True)
class Place:
    """Description of a cell in a network: its graph, its input shapes, and the channels of a node."""

    cell: Cell
    outputs: tuple[int, ...]
    inputs: tuple[Shape, Shape]
    channels: int
    reduces: bool
    search_form: bool

    @property
    def output(self) -> Shape:
        """Return the shape of the output."""
        height, width = self._node_size
        return len(self.outputs) * self.channels, height, width

    @property
    def before_last(self) -> Part:
        """Return the module that preprocesses the output of the cell before the previous one."""
        before_last, last = self.inputs
        arguments = (before_last[0], self.channels)
        if before_last[1:] == last[1:]:
            return Part(ReLUConvBN, (*arguments, 1), before_last)
        return Part(FactorisedReduction, arguments, before_last)

    @property
    def last(self) -> Part:
        """Return the module that preprocesses the output of the previous cell."""
        return Part(ReLUConvBN, (self.inputs[1][0], self.channels, 1), self.inputs[1])

    @property
    def edges(self) -> list[Part]:
        """Return the operations, node by node. In a reduction cell, those on the inputs have stride 2."""
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
    """Return the shape after a padded convolution of stride 2."""
    channels, height, width = shape
    return channels, (height + 1) // 2, (width + 1) // 2


class StackedGenotypeSpace(GenotypeSpace):
    """Genotypes and their networks.

    Parameters and flops are sums over the modules of a network. The count of each module is cached by its
    description, which is exact because the cost of a module depends only on its arguments and the shape of
    its input. The networks of a space share few different modules, so counting one rarely builds any.
    """

    search_form: ClassVar[bool] = False
    """Whether the operations have the form that DARTS uses during search."""

    @abstractmethod
    def stem(self, arch: Genotype, task: str) -> Part:
        """Return the module that maps images to the two inputs of the first cell."""

    @abstractmethod
    def places(self, arch: Genotype, task: str) -> list[Place]:
        """Return the cells in their order."""

    def stacked(
        self, cells: tuple[Cell, Cell], channels: int, depth: int, inputs: tuple[Shape, Shape]
    ) -> list[Place]:
        """Return ``depth`` cells.

        ``channels`` is the number of channels of each node in the first cell, and ``inputs`` are the shapes
        of the inputs of the first cell.
        """
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
    """Return the number of parameters of a module."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in part.build().parameters())


@cache
def _flops(part: Part, count: Callable[[nn.Module, Tensor], int]) -> int:
    """Return the multiply-adds of a module for one example."""
    with torch.device("meta"):
        return count(part.build(), torch.zeros(1, *part.input))


class GenotypeNetwork(nn.Module):
    """Network of a genotype, (batch, channels, height, width) to (batch, classes)."""

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
    """A cell: maps the outputs of the two cells before it to its own output."""

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
    """Stem for small images: one convolution, whose output is both inputs of the first cell."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = ConvBN(inputs, outputs, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.conv(x)
        return x, x


class ImageNetStem(nn.Module):
    """Stem of three convolutions of stride 2; the last two give the two inputs of the first cell."""

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
    """Return global average pooling and a linear classifier."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, classes))

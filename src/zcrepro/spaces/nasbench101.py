"""NAS-Bench-101 (Ying et al., ICML 2019): 423,624 cells of at most seven vertices and nine edges.

The network as trained: a 3x3 stem of 128 channels, three stacks of three equal cells, max-pooling
and twice the channels between stacks, global average pooling and a linear classifier.

In a cell the input is projected, by a 1x1 convolution, for each vertex that reads it; a vertex
sums what it reads. The vertices that the output reads share its channels and are concatenated;
a projected input is added to them. Every other vertex has the channels of the widest that reads
it, and a narrower one reads the first channels only.

Architectures are written in the numbering in which they were trained, see ``nasbench101_graph``;
``canonical`` is the published hash. BatchNorm has torch's momentum of .1 as in NASLib's network, so
that zen, which reads running variances, is the published one (the authors trained with .003).
"""

from collections.abc import Iterator
from functools import lru_cache, reduce
from operator import add
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from zcrepro.networks.multiply_adds import tensorwatch
from zcrepro.spaces import _nasbench101_edits as edits
from zcrepro.spaces import nasbench101_graph as graph
from zcrepro.spaces._convolutions import conv_bn_relu
from zcrepro.spaces._nasbench101_enumeration import cells
from zcrepro.spaces.base import Arch, Space, TaskShape

STEM_CHANNELS = 128
STACKS = 3
CELLS_PER_STACK = 3
LAST_CHANNELS = STEM_CHANNELS << (STACKS - 1)
CONVOLUTIONS = {"conv3x3": 3, "conv1x1": 1}  # operation -> kernel


def naslib_flops(model: nn.Module, images: Tensor) -> int:
    """As NAS-Bench-Suite-Zero counted: without the last pooling, in whose place NASLib takes a mean.

    Here it is a module, since zen looks for one; so the proxy flops is 41,472 more for every cell.
    """
    side = images.shape[-1] >> (STACKS - 1)
    return tensorwatch(model, images) - LAST_CHANNELS * (side + 1) ** 2


class NASBench101(Space):
    name = "nasbench101"
    tasks: ClassVar = {"cifar10": TaskShape((3, 32, 32), (10,))}
    size = 423_624
    count_flops = staticmethod(naslib_flops)

    def text(self, arch: Arch) -> str:
        return graph.write(arch)

    def parse(self, text: str) -> Arch:
        try:
            arch = graph.read(text)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from error
        if graph.published(arch) != arch:
            written = self.text(graph.published(arch))
            raise ValueError(f"{self.name}: {text!r} is not written as {written!r}")
        return arch

    def canonical(self, arch: Arch) -> str:
        return graph.module_hash(arch)

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        return Network(arch, self.task_shape(task).classes)

    def parameters(self, arch: Arch, task: str) -> int:
        return count_parameters(arch, self.task_shape(task).classes)

    def architectures(self) -> Iterator[Arch]:
        vertices, codes = cells()
        return map(graph.from_code, vertices.tolist(), codes.tolist())

    def sample(self, rng: np.random.Generator) -> Arch:
        """Uniform over all cells. (The benchmark's users draw matrices and prune them, which favours
        small cells: of NASLib's 500 draws a tenth are the cell without inner vertices.)"""
        vertices, codes = cells()
        place = rng.integers(self.size)
        return graph.from_code(int(vertices[place]), int(codes[place]))

    def neighbours(self, arch: Arch) -> list[Arch]:
        return edits.neighbours(arch)

    def distance(self, a: Arch, b: Arch) -> int:
        return edits.distance(a, b)


def vertex_channels(arch: Arch, outputs: int) -> list[int]:
    """The channels of vertex 1 to the last, which is the output; place 0 is of no use.

    The remainder of an uneven division goes to the first vertices, one channel each.
    """
    channels = [0] * len(arch) + [outputs]
    concatenated = [vertex for vertex in arch[-1][1] if vertex != 0]
    for place, vertex in enumerate(concatenated):
        channels[vertex] = (outputs + len(concatenated) - 1 - place) // len(concatenated)
    for vertex in reversed(range(1, len(arch))):
        if vertex not in concatenated:
            readers = (reader for reader, (_, sources) in enumerate(arch, start=1) if vertex in sources)
            channels[vertex] = max(channels[reader] for reader in readers)
    return channels


def count_parameters(arch: Arch, classes: int) -> int:
    """The parameters of ``Network`` without building it; ``arch`` in any numbering."""
    total = _conv_parameters(3, STEM_CHANNELS, 3)
    total += sum(_cell_parameters(arch, inputs, outputs) for inputs, outputs in _cell_channels())
    return total + (LAST_CHANNELS + 1) * classes


@lru_cache(maxsize=8)  # a stack repeats its cell
def _cell_parameters(arch: Arch, inputs: int, outputs: int) -> int:
    channels = vertex_channels(arch, outputs)
    total = 0
    for vertex, (operation, sources) in enumerate(arch, start=1):
        if 0 in sources:
            total += _conv_parameters(inputs, channels[vertex], 1)
        if operation in CONVOLUTIONS:
            total += _conv_parameters(channels[vertex], channels[vertex], CONVOLUTIONS[operation])
    return total


def _conv_parameters(inputs: int, outputs: int, kernel: int) -> int:
    return outputs * (inputs * kernel**2 + 2)  # with BatchNorm's weight and bias


def _cell_channels() -> Iterator[tuple[int, int]]:
    """The channels that each cell of the network gets and gives."""
    inputs = STEM_CHANNELS
    for stack in range(STACKS):
        for _ in range(CELLS_PER_STACK):
            yield inputs, (inputs := STEM_CHANNELS << stack)


class Network(nn.Module):
    """(batch, 3, side, side) to (batch, classes), of a cell in any numbering."""

    def __init__(self, arch: Arch, classes: int) -> None:
        super().__init__()
        self.stem = conv_bn_relu(3, STEM_CHANNELS, 3)
        layers: list[nn.Module] = []
        for place, (inputs, outputs) in enumerate(_cell_channels()):
            if place > 0 and place % CELLS_PER_STACK == 0:
                layers.append(nn.MaxPool2d(2, stride=2))
            layers.append(Cell(arch, inputs, outputs))
        self.cells = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(LAST_CHANNELS, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.pool(self.cells(self.stem(x))).flatten(1))


class Cell(nn.Module):
    """(batch, inputs, side, side) to (batch, outputs, side, side)."""

    def __init__(self, arch: Arch, inputs: int, outputs: int) -> None:
        super().__init__()
        self.arch = arch
        self.channels = vertex_channels(arch, outputs)
        for vertex, (operation, sources) in enumerate(arch, start=1):
            channels = self.channels[vertex]
            if 0 in sources:
                self.add_module(f"projection{vertex}", conv_bn_relu(inputs, channels, 1))
            if operation in CONVOLUTIONS:
                self.add_module(f"vertex{vertex}", conv_bn_relu(channels, channels, CONVOLUTIONS[operation]))
            elif operation != graph.OUTPUT:
                self.add_module(f"vertex{vertex}", nn.MaxPool2d(3, stride=1, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        values: list[Tensor] = [x]
        *inner, (_, read_by_output) = self.arch
        for vertex, (_, sources) in enumerate(inner, start=1):
            terms = [values[source][:, : self.channels[vertex]] for source in sources if source != 0]
            values.append(self.get_submodule(f"vertex{vertex}")(self._sum(terms, x, vertex)))
        concatenated = [values[source] for source in read_by_output if source != 0]
        return self._sum([torch.cat(concatenated, 1)] if concatenated else [], x, len(self.arch))

    def _sum(self, terms: list[Tensor], x: Tensor, vertex: int) -> Tensor:
        """The terms, and the projected input where the vertex reads it."""
        projection = self._modules.get(f"projection{vertex}")
        return reduce(add, terms if projection is None else [*terms, projection(x)])


SPACE = NASBench101()

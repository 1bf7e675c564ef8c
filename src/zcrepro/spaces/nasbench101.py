"""NAS-Bench-101 (Ying et al., ICML 2019): 423,624 cells of at most seven vertices and nine edges.

The network as trained has a 3x3 stem of 128 channels, three stacks of three equal cells, max-pooling and a
doubling of the channels between stacks, global average pooling and a linear classifier.

In a cell, the input is projected by a separate 1x1 convolution for each vertex that reads it. A vertex
applies its operation to the sum of its predecessors. The predecessors of the output vertex share the output
channels and are concatenated; the projected input, if the output reads it, is added to them. Any other vertex
has as many channels as the widest vertex that reads it, and a narrower reader takes only its first channels.

Architectures are written in the vertex numbering in which they were trained, see ``nasbench101_graph``.
``canonical`` is the published hash. BatchNorm has torch's momentum of 0.1, as in NASLib's network, so that
the zen score, which uses running variances, equals the published one. The authors trained with another
momentum, 0.003.
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
from zcrepro.spaces.graph import Graph

STEM_CHANNELS = 128
STACKS = 3
CELLS_PER_STACK = 3
LAST_CHANNELS = STEM_CHANNELS << (STACKS - 1)
CONVOLUTIONS = {"conv3x3": 3, "conv1x1": 1}  # operation -> kernel size


def naslib_flops(model: nn.Module, images: Tensor) -> int:
    """Return the multiply-adds as counted by NAS-Bench-Suite-Zero, which leave out the last pooling.

    NASLib computes a mean there instead of a pooling module. The network here has a module, because zen looks
    for one. The proxy flops counts it, and is therefore 41,472 larger for every cell.
    """
    side = images.shape[-1] >> (STACKS - 1)
    return tensorwatch(model, images) - LAST_CHANNELS * (side + 1) ** 2


class NASBench101(Space):
    """The search space of NAS-Bench-101."""

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

    def graph(self, arch: Arch) -> Graph:
        return graph.operation_graph(arch)

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        return Network(arch, self.task_shape(task).classes)

    def parameters(self, arch: Arch, task: str) -> int:
        return count_parameters(arch, self.task_shape(task).classes)

    def architectures(self) -> Iterator[Arch]:
        vertices, codes = cells()
        return map(graph.from_code, vertices.tolist(), codes.tolist())

    def sample(self, rng: np.random.Generator) -> Arch:
        """Draw a cell uniformly at random from all cells.

        Users of the benchmark usually draw adjacency matrices and prune them, which favours small cells: a
        tenth of NASLib's 500 draws are the cell without inner vertices.
        """
        vertices, codes = cells()
        place = rng.integers(self.size)
        return graph.from_code(int(vertices[place]), int(codes[place]))

    def neighbours(self, arch: Arch) -> list[Arch]:
        return edits.neighbours(arch)

    def distance(self, a: Arch, b: Arch) -> int:
        return edits.distance(a, b)


def vertex_channels(arch: Arch, outputs: int) -> list[int]:
    """Return the channels of each vertex, indexed by vertex; entry 0, the input, is not used.

    If ``outputs`` is not divisible by the number of concatenated vertices, the first vertices get one channel
    more each, as in the authors' code.
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
    """Return the number of parameters of ``Network`` without building it; ``arch`` may have any numbering."""
    total = _conv_parameters(3, STEM_CHANNELS, 3)
    total += sum(_cell_parameters(arch, inputs, outputs) for inputs, outputs in _cell_channels())
    return total + (LAST_CHANNELS + 1) * classes


@lru_cache(maxsize=8)  # the cells of a stack have equal counts
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
    return outputs * (inputs * kernel**2 + 2)  # 2: the weight and bias of BatchNorm


def _cell_channels() -> Iterator[tuple[int, int]]:
    """Yield the input and output channels of each cell of the network."""
    inputs = STEM_CHANNELS
    for stack in range(STACKS):
        for _ in range(CELLS_PER_STACK):
            yield inputs, (inputs := STEM_CHANNELS << stack)


class Network(nn.Module):
    """Network of a cell in any vertex numbering, (batch, 3, height, width) to (batch, classes)."""

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
    """NAS-Bench-101 cell, (batch, inputs, height, width) to (batch, outputs, height, width)."""

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
        """Return the sum of the terms, plus the projected input if the vertex reads it."""
        projection = self._modules.get(f"projection{vertex}")
        return reduce(add, terms if projection is None else [*terms, projection(x)])


SPACE = NASBench101()

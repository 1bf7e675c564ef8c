"""TransNAS-Bench-101, micro (Duan et al., CVPR 2021): ten copies of one cell; 4,096 architectures.

An architecture is written as in the benchmark, ``64-41414-1_02_333``. These are the channels of the stem, the
five modules, and the operations. Module 4 halves the resolution and doubles the channels, module 1 does
neither; a module consists of two cells. The operations are those of the edges into nodes 1, 2 and 3, each
group ordered by source node: 0 none, 1 skip connection, 2 1x1 convolution, 3 3x3 convolution. (The table in
NAS-Bench-Suite-Zero exchanges the numbers of architectures of micro and macro.)

On ninapro, svhn and scifar100 the authors of NAS-Bench-Suite-Zero trained 192 architectures in another
network, NASLib's. Its stem keeps the resolution, it has only the modules 4, 1 and 4, and BatchNorm is not
affine in factorised reductions.
"""

import re
from collections.abc import Iterator
from typing import ClassVar

from torch import nn

from zcrepro.spaces import _transnas
from zcrepro.spaces._initialisation import SeedOf
from zcrepro.spaces._layers import ConvBN
from zcrepro.spaces._transnas_cell import OPERATIONS, Cell, live_form
from zcrepro.spaces.base import AdditiveSpace, Arch, TaskShape
from zcrepro.spaces.cell import EDGES, cell_graph, edge_seeds
from zcrepro.spaces.graph import Graph

SKELETON = "41414"
FURTHER_SKELETON = "414"
PREFIX = f"{_transnas.STEM_CHANNELS}-{SKELETON}-"

FURTHER_TASKS = {
    "ninapro": TaskShape((1, 16, 52), (18,)),
    "svhn": TaskShape((3, 32, 32), (10,)),
    "scifar100": TaskShape((3, 60, 60), (100,)),
}


class TransNASBench101Micro(AdditiveSpace):
    """The micro search space of TransNAS-Bench-101."""

    name = "transnasbench101_micro"
    tasks: ClassVar = _transnas.TASKS | FURTHER_TASKS
    operations = OPERATIONS
    length = len(EDGES)

    def text(self, arch: Arch) -> str:
        digits = "".join(str(OPERATIONS.index(operation)) for operation in arch)
        return f"{PREFIX}{digits[0]}_{digits[1:3]}_{digits[3:]}"

    def parse(self, text: str) -> Arch:
        if not text.startswith(PREFIX):
            raise ValueError(f"{self.name}: {text!r} does not begin with {PREFIX!r}")
        nodes = text.removeprefix(PREFIX)
        for digit in nodes.replace("_", ""):
            if digit not in "0123":
                raise ValueError(f"{self.name}: unknown operation {digit!r} in {text!r}; it has 0, 1, 2, 3")
        if not re.fullmatch("[0-3]_[0-3]{2}_[0-3]{3}", nodes):
            raise ValueError(
                f"{self.name}: {nodes!r} in {text!r} does not have one, two and three operations, joined by _"
            )
        return tuple(OPERATIONS[int(digit)] for digit in nodes.replace("_", ""))

    def canonical(self, arch: Arch) -> str:
        """Return the exact canonical form; see ``_transnas_cell.live_form``."""
        return live_form(arch)[0]

    def graph(self, arch: Arch) -> Graph:
        """Return the graph of a cell of stride 1, as in NAS-Bench-201."""
        return cell_graph(arch)

    def weight_seed(self, arch: Arch, task: str, seed: int) -> SeedOf:
        """Return seeds keyed by position in the live form for live edges, by edge for dead ones."""
        form, live = live_form(arch)
        return edge_seeds(live, seed, self.name, task, form)

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        shape = self.task_shape(task)
        if task in FURTHER_TASKS:
            return further_network(arch, shape)
        halvings = SKELETON.count("4")
        channels = _transnas.STEM_CHANNELS * 2**halvings
        return _transnas.network(cells(arch, SKELETON), channels, halvings, task)


def cells(arch: Arch, skeleton: str, affine: bool = True) -> Iterator[Cell]:
    """Yield two cells for each module of the skeleton; the first cell of a module 4 has stride 2."""
    channels = _transnas.STEM_CHANNELS
    for module in skeleton:
        if module == "4":
            yield Cell(arch, channels, 2 * channels, stride=2, affine=affine)
            channels *= 2
        else:
            yield Cell(arch, channels, channels, stride=1)
        yield Cell(arch, channels, channels, stride=1)


def further_network(arch: Arch, shape: TaskShape) -> nn.Module:
    """Return NASLib's smaller network, (batch, channels, height, width) to (batch, classes)."""
    stem = ConvBN(shape.channels, _transnas.STEM_CHANNELS, 3)
    encoder = _transnas.encoder(stem, cells(arch, FURTHER_SKELETON, affine=False))
    channels = _transnas.STEM_CHANNELS * 2 ** FURTHER_SKELETON.count("4")
    return _transnas.Network(encoder, _transnas.classifier(channels, shape.classes))


SPACE = TransNASBench101Micro()

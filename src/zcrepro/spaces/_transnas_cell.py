"""The micro cell of TransNAS-Bench-101: four nodes, six edges, one of four operations on each edge.

Source: Duan et al., TransNAS-Bench-101, CVPR 2021. The nodes and edges are those of NAS-Bench-201;
the operations come without pooling. Half of the stages begin with a cell of stride 2 that doubles the
channels: there the three edges from node 0 have stride 2, and a skip connection on them is not the
identity but a factorised reduction with weights of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, reduce
from itertools import chain, groupby, permutations, product
from operator import add

import torch
from torch import Tensor, nn

from zcrepro.spaces._layers import ReLUConvBN
from zcrepro.spaces.base import Arch
from zcrepro.spaces.cell import EDGES, OUTPUT, Edge

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")
"""By the digit that the benchmark writes."""


@dataclass(frozen=True)
class Term:
    """An operation, by its edge, applied to the sum of ``value``; the cell's input has no edge."""

    operation: str
    edge: Edge | None
    value: tuple[Term, ...]


INPUT = Term("x", None, ())


@cache
def live_form(arch: Arch) -> tuple[str, dict[Edge, int]]:
    """The function a cell of stride 2 computes, as text, and the place in it of each edge with weights.

    Equal forms are equal functions of equal weights in every cell of the network, since the form of
    a cell of stride 1 follows: there each skip connection from node 0 is its input itself. The
    numbers tell an edge that is used twice from two edges; they are those of the smallest text, so
    that isomorphic cells number corresponding edges alike. A convolution of nothing is taken for
    nothing, which is true of new networks: BatchNorm's bias is zero.
    """
    output = _output(arch)
    kinds = sorted({(_written((term,), {}), term.edge) for term in _weighted(output) if term.edge})
    groups = [[edge for _, edge in group] for _, group in groupby(kinds, key=lambda kind: kind[0])]
    orders = (chain(*order) for order in product(*(permutations(group) for group in groups)))
    numberings = ({edge: number for number, edge in enumerate(order)} for order in orders)
    forms = ((_written(output, numbering) or "#", numbering) for numbering in numberings)
    return min(forms, key=lambda form: form[0])


def _output(arch: Arch) -> tuple[Term, ...]:
    """The terms whose sum is the output, with zeros and identities resolved."""
    operation = dict(zip(EDGES, arch, strict=True))
    nodes: dict[int, tuple[Term, ...]] = {0: (INPUT,)}
    for node in (1, 2, 3):
        terms: list[Term] = []
        for source in range(node):
            name, value = operation[source, node], nodes[source]
            if name == "skip_connect" and source != 0:
                terms.extend(value)
            elif name != "none" and value:
                terms.append(Term(name, (source, node), value))
        nodes[node] = tuple(terms)
    return nodes[OUTPUT]


def _weighted(terms: tuple[Term, ...]) -> Iterator[Term]:
    for term in terms:
        if term.edge:
            yield term
        yield from _weighted(term.value)


def _written(terms: tuple[Term, ...], numbers: dict[Edge, int]) -> str:
    def write(term: Term) -> str:
        if term.edge is None:
            return term.operation
        number = f"#{numbers[term.edge]}" if numbers else ""
        return f"{term.operation}{number}({_written(term.value, numbers)})"

    return "+".join(sorted(map(write, terms)))


class Cell(nn.Module):
    """(batch, inputs, side, side) to (batch, outputs, side/stride, side/stride). Every edge that is not
    ``none`` is computed, dead or not, as in the published networks, whose counts include dead edges.

    ``affine`` is of the factorised reduction's BatchNorm alone.
    """

    def __init__(self, arch: Arch, inputs: int, outputs: int, stride: int, affine: bool = True) -> None:
        super().__init__()
        self.outputs = outputs
        self.stride = stride
        for (source, node), operation in zip(EDGES, arch, strict=True):
            if operation != "none":
                edge = (
                    edge_module(operation, inputs, outputs, stride, affine)
                    if source == 0
                    else edge_module(operation, outputs, outputs)
                )
                self.add_module(f"edge{source}{node}", edge)

    def forward(self, x: Tensor) -> Tensor:
        nodes = [x]
        for node in (1, 2, 3):
            terms = [
                edge(nodes[source])
                for source in range(node)
                if (edge := self._modules.get(f"edge{source}{node}")) is not None
            ]
            nodes.append(reduce(add, terms) if terms else self._zeros(x))
        return nodes[OUTPUT]

    def _zeros(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x[:, :1, :: self.stride, :: self.stride]).repeat(1, self.outputs, 1, 1)


def edge_module(operation: str, inputs: int, outputs: int, stride: int = 1, affine: bool = True) -> nn.Module:
    if operation != "skip_connect":
        return ReLUConvBN(inputs, outputs, 3 if operation == "nor_conv_3x3" else 1, stride)
    return nn.Identity() if stride == 1 else FactorizedReduction(inputs, outputs, affine)


class FactorizedReduction(nn.Module):
    """ReLU, two 1x1 convolutions of stride 2 side by side, the second shifted by one pixel; BatchNorm."""

    def __init__(self, inputs: int, outputs: int, affine: bool) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv_a = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.shift = nn.ConstantPad2d((-1, 1, -1, 1), 0.0)
        self.conv_b = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(outputs, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(x)
        return self.bn(torch.cat([self.conv_a(x), self.conv_b(self.shift(x))], dim=1))

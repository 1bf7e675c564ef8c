"""The micro cell of TransNAS-Bench-101: four nodes, and one of four operations on each of six edges.

Source: Duan et al., TransNAS-Bench-101, CVPR 2021. The nodes and edges are those of NAS-Bench-201; the
operations are the same except for pooling, which is missing. Some modules begin with a cell of stride 2 that
doubles the channels. There, the three edges from node 0 have stride 2, and a skip connection on them is not
the identity but a factorised reduction with its own weights.
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
"""Operations in the order of the digits that the benchmark writes."""


@dataclass(frozen=True)
class Term:
    """An operation on one edge, applied to the sum of the terms ``value``; the cell's input has no edge."""

    operation: str
    edge: Edge | None
    value: tuple[Term, ...]


INPUT = Term("x", None, ())


@cache
def live_form(arch: Arch) -> tuple[str, dict[Edge, int]]:
    """Return the function of a cell of stride 2 as text, and the number in it of each edge with weights.

    Equal forms mean equal functions of equal weights in every cell of the network. The cells of stride 1 need
    no form of their own, because theirs follows: there, each skip connection from node 0 is the identity.

    The numbers distinguish one edge that is used twice from two edges. The numbering with the smallest text
    is taken, so that isomorphic cells number corresponding edges alike. Only edges whose unnumbered terms are
    equal can be exchanged by it, so only permutations within these groups are compared.

    A convolution of zeros is treated as zero. This is correct for a new network, in which the bias of
    BatchNorm is zero.
    """
    output = _output(arch)
    kinds = sorted({(_written((term,), {}), term.edge) for term in _weighted(output) if term.edge})
    groups = [[edge for _, edge in group] for _, group in groupby(kinds, key=lambda kind: kind[0])]
    orders = (chain(*order) for order in product(*(permutations(group) for group in groups)))
    numberings = ({edge: number for number, edge in enumerate(order)} for order in orders)
    forms = ((_written(output, numbering) or "#", numbering) for numbering in numberings)
    return min(forms, key=lambda form: form[0])


def _output(arch: Arch) -> tuple[Term, ...]:
    """Return the terms whose sum is the output, with zeros and identities eliminated."""
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
    """Yield all terms that have weights, including nested ones."""
    for term in terms:
        if term.edge:
            yield term
        yield from _weighted(term.value)


def _written(terms: tuple[Term, ...], numbers: dict[Edge, int]) -> str:
    """Return the sum of the terms as text, with terms sorted.

    The edges are numbered by ``numbers`` unless it is empty.
    """

    def write(term: Term) -> str:
        if term.edge is None:
            return term.operation
        number = f"#{numbers[term.edge]}" if numbers else ""
        return f"{term.operation}{number}({_written(term.value, numbers)})"

    return "+".join(sorted(map(write, terms)))


class Cell(nn.Module):
    """Micro cell, (batch, inputs, height, width) to (batch, outputs, height/stride, width/stride).

    Every edge other than ``none`` is computed, even if it is dead, as in the published networks, whose counts
    include dead edges. ``affine`` concerns only the BatchNorm of factorised reductions.
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
    """Return the module of an edge whose operation is not ``none``."""
    if operation != "skip_connect":
        return ReLUConvBN(inputs, outputs, 3 if operation == "nor_conv_3x3" else 1, stride)
    return nn.Identity() if stride == 1 else FactorizedReduction(inputs, outputs, affine)


class FactorizedReduction(nn.Module):
    """Two 1x1 convolutions of stride 2 side by side, with ReLU before and BatchNorm after them.

    The second convolution sees the image shifted by one pixel.
    """

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

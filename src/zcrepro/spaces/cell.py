"""The NAS-Bench-201 cell: four nodes, and one of five operations on each of six edges.

Source: Dong and Yang, NAS-Bench-201, ICLR 2020. Node 0 is the input and node 3 the output. A node is the sum
of its incoming edges. An architecture is the tuple of operations in the order of ``EDGES``.

There are two notions of equality:

* ``canonical`` is the published one, the unique string of the authors: skip connections are contracted, and a
  path that starts from ``none`` is ``#``. It divides the 15,625 texts into 6,466 classes. It does not
  distinguish using one convolution twice from using two convolutions once each.
* ``live_form`` is exact: two cells of equal live form compute the same function of the same weights. It
  determines which weights are drawn equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, reduce
from itertools import permutations
from operator import add
from typing import Any

from torch import Tensor, nn, zeros_like

from zcrepro import seeds
from zcrepro.spaces._initialisation import SeedOf
from zcrepro.spaces._layers import ReLUConvBN
from zcrepro.spaces.base import AdditiveSpace, Arch
from zcrepro.spaces.graph import NONE, POOL, SKIP, Graph, LabelledEdge, conv

Edge = tuple[int, int]
"""Source node and target node."""
EDGES: tuple[Edge, ...] = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
OUTPUT = 3

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
WEIGHTED = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}  # operation -> kernel size
LABELS = {
    "none": NONE,
    "skip_connect": SKIP,
    "avg_pool_3x3": POOL,
    **{operation: conv(kernel) for operation, kernel in WEIGHTED.items()},
}


class CellSpace(AdditiveSpace):
    """Text, canonical form and weight seeds of the spaces built from this cell."""

    operations = OPERATIONS
    length = len(EDGES)

    def text(self, arch: Arch) -> str:
        edges = iter(zip(EDGES, arch, strict=True))
        nodes = ["|".join(f"{next(edges)[1]}~{source}" for source in range(node)) for node in (1, 2, 3)]
        return "+".join(f"|{node}|" for node in nodes)

    def parse(self, text: str) -> Arch:
        tokens = [token for node in text.split("+") for token in node.strip("|").split("|")]
        names = [token.partition("~")[0] for token in tokens]
        arch = self._checked(names, text)
        if self.text(arch) != text:
            raise ValueError(f"{self.name}: {text!r} is not written as {self.text(arch)!r}")
        return arch

    def canonical(self, arch: Arch) -> str:
        operation = dict(zip(EDGES, arch, strict=True))
        nodes = {0: "0"}
        for node in (1, 2, 3):
            terms = [_published_term(operation[source, node], nodes[source]) for source in range(node)]
            nodes[node] = "+".join(sorted(terms))
        return nodes[OUTPUT]

    def live(self, arch: Arch) -> str:
        return live_form(arch)[0]

    def graph(self, arch: Arch) -> Graph:
        return cell_graph(arch)

    def weight_seed(self, arch: Arch, task: str, seed: int) -> SeedOf:
        """Return seeds keyed by position in the live form for live convolutions, by edge for dead ones."""
        form, live = live_form(arch)
        return edge_seeds(live, seed, self.name, task, form)


def edge_seeds(live: Mapping[Edge, int], *key: str | int) -> SeedOf:
    """Return the seeds of all weights of a network of cells.

    The key of a live edge is its number in the live form, so that equal live forms get equal weights. The key
    of a dead edge is the edge itself.
    """

    def seed_of(name: str) -> int:
        cell, dot, rest = name.partition(".edge")
        if not dot:
            return seeds.derive(*key, name)
        edge = (int(rest[0]), int(rest[1]))
        place = f"live{live[edge]}" if edge in live else f"dead{rest[:2]}"
        return seeds.derive(*key, f"{cell}.{place}{rest[2:]}")

    return seed_of


def cell_graph(arch: Arch) -> Graph:
    """Return the graph of a cell, whose nodes and edges are those of the cell."""
    edges = (LabelledEdge(*edge, LABELS[operation]) for edge, operation in zip(EDGES, arch, strict=True))
    return Graph(tuple(edges), inputs=(0,), outputs=(OUTPUT,))


def _published_term(operation: str, source: str) -> str:
    """Return the term of one edge in the authors' unique string."""
    if operation == "none" or source == "#":
        return "#"
    return source if operation == "skip_connect" else f"({source})@{operation}"


Term = tuple[Any, ...]
"""``("input",)`` or (operation, edge of its weights or None, the terms whose sum is its input)."""


def live_form(arch: Arch) -> tuple[str, dict[Edge, int]]:
    """Return the function that a cell computes, as text, and the number in it of each live convolution.

    Skip connections and zeros are eliminated, so the output is a sum of terms. A convolution that is used
    twice appears twice with the same number. Among all numberings of the convolutions the one with the
    smallest text is taken, so that isomorphic cells number corresponding convolutions alike. A cell has at
    most six of them, so at most 720 numberings are compared, once per cell.
    """
    return _live_form(arch)


@cache
def _live_form(arch: Arch) -> tuple[str, dict[Edge, int]]:
    operation = dict(zip(EDGES, arch, strict=True))
    nodes: dict[int, tuple[Term, ...]] = {0: (("input",),)}
    for node in (1, 2, 3):
        terms: list[Term] = []
        for source in range(node):
            op, value = operation[source, node], nodes[source]
            if op == "skip_connect":
                terms.extend(value)
            elif op != "none" and value:
                terms.append((op, (source, node) if op in WEIGHTED else None, value))
        nodes[node] = tuple(terms)
    edges = sorted(_weighted_edges(nodes[OUTPUT]))
    numberings = (dict(zip(edges, order, strict=True)) for order in permutations(range(len(edges))))
    return min(
        ((_write(nodes[OUTPUT], numbering), numbering) for numbering in numberings), key=lambda p: p[0]
    )


def _weighted_edges(terms: tuple[Term, ...]) -> set[Edge]:
    """Return the edges of all convolutions in the terms."""
    found: set[Edge] = set()
    for term in terms:
        if term != ("input",):
            _, edge, value = term
            found |= _weighted_edges(value) | ({edge} if edge else set())
    return found


def _write(terms: tuple[Term, ...], numbering: dict[Edge, int]) -> str:
    """Return the sum of the terms as text, with terms sorted."""

    def write(term: Term) -> str:
        if term == ("input",):
            return "x"
        operation, edge, value = term
        number = f"#{numbering[edge]}" if edge else ""
        return f"{operation}{number}({_write(value, numbering)})"

    return "+".join(sorted(write(term) for term in terms))


class Cell(nn.Module):
    """NAS-Bench-201 cell, (batch, channels, height, width) to the same shape.

    Every edge other than ``none`` is computed, even if it is dead, as in the published networks: some proxies
    count dead branches.
    """

    def __init__(self, arch: Arch, channels: int) -> None:
        super().__init__()
        for (source, node), operation in zip(EDGES, arch, strict=True):
            if operation != "none":
                self.add_module(f"edge{source}{node}", _edge_module(operation, channels))

    def forward(self, x: Tensor) -> Tensor:
        nodes = [x]
        for node in (1, 2, 3):
            terms = [
                edge(nodes[source])
                for source in range(node)
                if (edge := self._modules.get(f"edge{source}{node}")) is not None
            ]
            nodes.append(reduce(add, terms) if terms else zeros_like(x))
        return nodes[OUTPUT]


def _edge_module(operation: str, channels: int) -> nn.Module:
    """Return the module of an edge whose operation is not ``none``."""
    if operation == "skip_connect":
        return nn.Identity()
    if operation == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return ReLUConvBN(channels, channels, WEIGHTED[operation])

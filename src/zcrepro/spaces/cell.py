"""The NAS-Bench-201 cell: four nodes, six edges, one of five operations on each edge.

Source: Dong and Yang, NAS-Bench-201, ICLR 2020. Node 0 is the input, node 3 the output; a node
is the sum of its incoming edges. An architecture is the operations in the order of ``EDGES``.

Two notions of equality:

* ``canonical`` is the published one (its authors' unique string): skip connections are
  followed, what comes from nothing is ``#``. 15,625 texts fall into 6,466 classes. It does not
  see whether a convolution is used twice or two convolutions are used once.
* ``live_form`` is exact: two cells of equal live form compute the same function of the same
  weights. It decides which weights are drawn equal.
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

Edge = tuple[int, int]
EDGES: tuple[Edge, ...] = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
OUTPUT = 3

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
WEIGHTED = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}  # operation -> kernel


class CellSpace(AdditiveSpace):
    """Text, canonical form and weight streams of every space that is made of this cell."""

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

    def weight_seed(self, arch: Arch, task: str, seed: int) -> SeedOf:
        """Live convolutions are named by their place in the live form, dead ones by their edge."""
        form, live = live_form(arch)
        return edge_seeds(live, seed, self.name, task, form)


def edge_seeds(live: Mapping[Edge, int], *key: str | int) -> SeedOf:
    """Seeds of all weights of a network of cells: live edges are named by their place in the live form,
    dead ones by themselves."""

    def seed_of(name: str) -> int:
        cell, dot, rest = name.partition(".edge")
        if not dot:
            return seeds.derive(*key, name)
        edge = (int(rest[0]), int(rest[1]))
        place = f"live{live[edge]}" if edge in live else f"dead{rest[:2]}"
        return seeds.derive(*key, f"{cell}.{place}{rest[2:]}")

    return seed_of


def _published_term(operation: str, source: str) -> str:
    if operation == "none" or source == "#":
        return "#"
    return source if operation == "skip_connect" else f"({source})@{operation}"


Term = tuple[Any, ...]
"""``("input",)`` or (operation, the edge of its weights or None, the terms it is applied to)."""


def live_form(arch: Arch) -> tuple[str, dict[Edge, int]]:
    """The function a cell computes, as text, and the place in it of each convolution that counts.

    Skip connections and zeros are resolved, so the output is a sum of terms; a convolution that
    is used twice appears twice under one number. The numbering is the one that gives the
    smallest text, so that isomorphic cells number corresponding convolutions alike.
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
    found: set[Edge] = set()
    for term in terms:
        if term != ("input",):
            _, edge, value = term
            found |= _weighted_edges(value) | ({edge} if edge else set())
    return found


def _write(terms: tuple[Term, ...], numbering: dict[Edge, int]) -> str:
    def write(term: Term) -> str:
        if term == ("input",):
            return "x"
        operation, edge, value = term
        number = f"#{numbering[edge]}" if edge else ""
        return f"{operation}{number}({_write(value, numbering)})"

    return "+".join(sorted(write(term) for term in terms))


class Cell(nn.Module):
    """(batch, channels, side, side) to the same shape. Every edge that is not ``none`` is computed,
    dead or not, as the published networks do: some proxies count dead branches."""

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
    if operation == "skip_connect":
        return nn.Identity()
    if operation == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return ReLUConvBN(channels, channels, WEIGHTED[operation])

"""Describe an architecture as a directed acyclic graph of operations, alike for every space.

A node is a feature map and an edge is an operation. A space maps its own operations to a few kinds. A
convolution is described by the size of its kernel alone: a separable, dilated, grouped or factorised one of
kernel 5 is ``conv(5)``. All poolings are alike.

For a space of cells it is the graph of one cell, without the stem, the reduction blocks and the head, which
all architectures share. For a space of modules that follow one another it is a chain with one edge per
module, whatever is inside. Numbers of channels are not in the graph, so two architectures that differ in
nothing else have the same graph of operations. It is therefore no canonical form.

A network that a space builds carries the graph of its architecture, as a plain attribute.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import nn


class Kind(Enum):
    """Kind of an operation. Nothing passes through an edge of kind NONE."""

    CONV = "convolution"
    SKIP = "skip connection"
    POOL = "pooling"
    NONE = "none"


class Operation(NamedTuple):
    """Label of an edge. ``kernel`` is the size of the kernel of a convolution, and 0 for other kinds."""

    kind: Kind
    kernel: int = 0
    stride: int = 1


SKIP, POOL, NONE = Operation(Kind.SKIP), Operation(Kind.POOL), Operation(Kind.NONE)


def conv(kernel: int, stride: int = 1) -> Operation:
    """Return a convolution, or a module whose largest convolution has this kernel."""
    return Operation(Kind.CONV, kernel, stride)


class LabelledEdge(NamedTuple):
    """An operation that leads from one node to another."""

    source: int
    target: int
    operation: Operation


@dataclass(frozen=True)
class Graph:
    """Graph of operations. A path leads from any of the inputs to any of the outputs.

    Nodes are numbered so that every edge leads to a higher number. Two edges may join the same nodes. A path
    may pass through an output on its way to another one. Raises ValueError for an edge that does not lead to
    a higher number, and for a node that is both input and output.
    """

    edges: tuple[LabelledEdge, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def __post_init__(self) -> None:
        for source, target, _ in self.edges:
            if source >= target:
                raise ValueError(f"the edge from node {source} to node {target} does not lead upwards")
        if both := set(self.inputs).intersection(self.outputs):
            raise ValueError(f"nodes {sorted(both)} are inputs and outputs at once")

    def live_edges(self) -> tuple[LabelledEdge, ...]:
        """Return the edges that lie on a path without NONE, with ascending source nodes."""
        edges = sorted((e for e in self.edges if e.operation.kind is not Kind.NONE), key=_source)
        reached, reaching = set(self.inputs), set(self.outputs)
        for source, target, _ in edges:
            if source in reached:
                reached.add(target)
        for source, target, _ in reversed(edges):
            if target in reaching:
                reaching.add(source)
        return tuple(e for e in edges if e.source in reached and e.target in reaching)


def _source(edge: LabelledEdge) -> int:
    return edge.source


def chain(operations: Iterable[Operation]) -> Graph:
    """Return the graph of operations that are applied one after another. There is at least one."""
    edges = tuple(LabelledEdge(place, place + 1, operation) for place, operation in enumerate(operations))
    return Graph(edges, inputs=(0,), outputs=(len(edges),))


ATTRIBUTE = "graph_of_operations"


def carry(network: nn.Module, graph: Graph) -> None:
    """Attach the graph of its architecture to a network. It is no part of the network's state."""
    setattr(network, ATTRIBUTE, graph)


def carried(network: nn.Module) -> Graph | None:
    """Return the graph that a network carries, or None if no space has built it."""
    found = vars(network).get(ATTRIBUTE)
    return found if isinstance(found, Graph) else None

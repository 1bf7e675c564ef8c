"""The architectures that a search may train, and which of them are neighbours; nothing of their accuracy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from zcrepro.spaces.base import Arch, Space

FEWEST_NEIGHBOURS = 8


@dataclass(frozen=True)
class OperationGraphs:
    """The graphs of architectures, with operations as nodes, and one node more for input and output each.

    Attributes
    ----------
    kinds
        The kind of each node, one-hot, float32 (n, nodes, kinds); all zeros where there is no node.
    adjacency
        Whether an edge leads from a node to another, 0 or 1, float32 (n, nodes, nodes).
    """

    kinds: np.ndarray
    adjacency: np.ndarray


@dataclass
class Pool:
    """The architectures of a space with known accuracies, by index."""

    space: Space
    archs: Sequence[Arch]
    _index: dict[Arch, int] = field(init=False)
    _neighbours: dict[int, np.ndarray] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._index = {arch: i for i, arch in enumerate(self.archs)}

    def __len__(self) -> int:
        return len(self.archs)

    @cached_property
    def choices(self) -> np.ndarray:
        """Which choices each architecture makes, of all that the pool has: 0 or 1, float32 (n, choices).

        A choice is an entry of the tuples that an architecture consists of, such as the operation of an edge.
        """
        made = [dict.fromkeys(_choices(arch)) for arch in self.archs]
        column = {choice: place for place, choice in enumerate(dict.fromkeys(c for of in made for c in of))}
        found = np.zeros((len(made), len(column)), np.float32)
        for row, of in enumerate(made):
            found[row, [column[choice] for choice in of]] = 1
        return found

    @cached_property
    def operation_graphs(self) -> OperationGraphs:
        """The graphs of operations. Raises ValueError if the space describes its architectures by none."""
        graphs = [self.space.graph(arch) for arch in self.archs]
        kind = {
            of: place for place, of in enumerate(dict.fromkeys(e.operation for g in graphs for e in g.edges))
        }
        nodes = 2 + max(len(graph.edges) for graph in graphs)
        kinds = np.zeros((len(graphs), nodes, 2 + len(kind)), np.float32)
        adjacency = np.zeros((len(graphs), nodes, nodes), np.float32)
        for row, graph in enumerate(graphs):
            kinds[row, 0, 0] = kinds[row, 1, 1] = 1  # input and output
            for place, edge in enumerate(graph.edges, start=2):
                kinds[row, place, 2 + kind[edge.operation]] = 1
                adjacency[row, 0, place] = edge.source in graph.inputs
                adjacency[row, place, 1] = edge.target in graph.outputs
                after = [n for n, other in enumerate(graph.edges, start=2) if other.source == edge.target]
                adjacency[row, place, after] = 1
        return OperationGraphs(kinds, adjacency)

    def neighbours(self, index: int) -> np.ndarray:
        """Return the members one edit away; the eight nearest if the pool has fewer of these than eight."""
        if index not in self._neighbours:
            one_edit = [self._index.get(arch) for arch in self.space.neighbours(self.archs[index])]
            found = [i for i in one_edit if i is not None]
            if len(found) < FEWEST_NEIGHBOURS:
                found = self._nearest(index)
            self._neighbours[index] = np.array(found)
        return self._neighbours[index]

    def _nearest(self, index: int) -> list[int]:
        """Return the members that differ in the fewest choices, the first of equal ones."""
        shared = self.choices @ self.choices[index]
        differing = self.choices.sum(axis=1) + shared[index] - 2 * shared
        order = np.argsort(differing, kind="stable")
        return [int(other) for other in order[order != index][:FEWEST_NEIGHBOURS]]


def _choices(arch: Any, place: tuple[int, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the entries of nested tuples, each with its place. A number has the place of its tuple.

    In NAS-Bench-101 numbers are the inputs of a node, whose order says nothing.
    """
    for number, entry in enumerate(arch):
        if isinstance(entry, tuple):
            yield from _choices(entry, (*place, number))
        else:
            yield (*place, *((number,) if isinstance(entry, str) else ()), entry)

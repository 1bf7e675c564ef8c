"""Genotypes of DARTS-like cells: text, structure, canonical form, neighbours and random sampling.

A cell has two inputs, 0 and 1 (the outputs of the cell before the previous one and of the previous cell), and
nodes numbered from 2. A node is the sum of two edges. An edge applies an operation to its source node, which
is an input or an earlier node. The output of a cell is the concatenation of its nodes, or of those that no
other node uses. A genotype consists of a normal cell and a reduction cell.

It is written ``normal: sep_conv_3x3~0+skip_connect~1|max_pool_3x3~0+none~2|...; reduce: ...``: nodes
separated by bars, each with two edges ``operation~source``, with the authors' numbers of the nodes. A sum
does not depend on the order of its terms, so the edges of a node are sorted by source node, then by
operation.

``canonical`` is exact: two genotypes have equal canonical texts if and only if renumbering the nodes of each
cell turns one into the other. The source node of an edge that is ``none`` does not count. Renumbering only
permutes the channels of a cell's output. Networks are built from the canonical genotype, so equal graphs give
the same network with the same weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations_with_replacement, permutations
from math import prod
from typing import Any, ClassVar

import numpy as np

from zcrepro.spaces._genotype_layers import LABELS, NONE
from zcrepro.spaces.base import Space
from zcrepro.spaces.graph import Graph, LabelledEdge

Edge = tuple[int, str]
"""Number of the source node, and operation."""
Node = tuple[Edge, Edge]
"""Two edges, sorted."""
Cell = tuple[Node, ...]
Genotype = tuple[Any, ...]
"""Normal cell, reduction cell, and further fields that a space may add."""

FIRST = 2  # number of the first node, after the two inputs


class GenotypeSpace(Space):
    """A space of genotypes: two cells of ``nodes`` nodes, with one of ``operations`` on each edge."""

    operations: tuple[str, ...]
    nodes: ClassVar[int]
    loose_ends: ClassVar[bool] = False
    """Whether nodes that other nodes use are left out of the output of a cell."""

    def draws(self, node: Node) -> bool:  # noqa: ARG002
        """Return whether ``sample`` and ``neighbours`` may return this node. A text may contain any node."""
        return True

    @property
    def size(self) -> int:
        """Return the number of genotypes that ``sample`` draws from."""
        return prod(len(drawn_nodes(self, number)) for number in self._numbers()) ** 2

    def text(self, arch: Genotype) -> str:
        normal, reduce = arch
        return f"normal: {cell_text(normal)}; reduce: {cell_text(reduce)}"

    def parse(self, text: str) -> Genotype:
        normal, reduce = self._fields(text, "normal", "reduce")
        return self._exact((self._cell(normal, text), self._cell(reduce, text)), text)

    def canonical(self, arch: Genotype) -> str:
        return self.text(self.representative(arch))

    def representative(self, arch: Genotype) -> Genotype:
        """Return the genotype whose text is the canonical one."""
        normal, reduce, *rest = arch
        return (canonical_cell(normal), canonical_cell(reduce), *rest)

    def graph(self, arch: Genotype) -> Graph:
        """Return the graph of the normal cell, from its two inputs to each node that is concatenated.

        The reduction cell, of which a network has two, is left out, and so are width and depth.
        """
        normal: Cell = arch[0]
        edges = (
            LabelledEdge(source, number, LABELS[operation])
            for number, node in enumerate(normal, start=FIRST)
            for source, operation in node
        )
        return Graph(tuple(edges), inputs=(0, 1), outputs=self.outputs(normal))

    def outputs(self, cell: Cell) -> tuple[int, ...]:
        """Return the numbers of the nodes that are concatenated, ascending."""
        used = {source for node in cell for source, _ in node} if self.loose_ends else set()
        return tuple(number for number in self._numbers() if number not in used)

    def sample(self, rng: np.random.Generator) -> Genotype:
        return (self._sample_cell(rng), self._sample_cell(rng))

    def neighbours(self, arch: Genotype) -> list[Genotype]:
        """Return all genotypes that differ in the operation or the source node of one edge."""
        normal, reduce, *rest = arch
        return [
            *((other, reduce, *rest) for other in self._edited_cells(normal)),
            *((normal, other, *rest) for other in self._edited_cells(reduce)),
        ]

    def distance(self, a: Genotype, b: Genotype) -> int:
        """Return the number of different operations and source nodes.

        The two edges of a node are matched with those of the other node in the better order.
        """
        pairs = [
            pair for mine, other in zip(a[:2], b[:2], strict=True) for pair in zip(mine, other, strict=True)
        ]
        return sum(_node_distance(*pair) for pair in pairs)

    def _numbers(self) -> range:
        return range(FIRST, FIRST + self.nodes)

    def _sample_cell(self, rng: np.random.Generator) -> Cell:
        choices = [drawn_nodes(self, number) for number in self._numbers()]
        return tuple(nodes[int(rng.integers(len(nodes)))] for nodes in choices)

    def _edited_cells(self, cell: Cell) -> list[Cell]:
        return [
            (*cell[:place], other, *cell[place + 1 :])
            for place, node in enumerate(cell)
            for other in sorted(_edited_nodes(node, place + FIRST, self.operations))
            if self.draws(other)
        ]

    def _fields(self, text: str, *names: str) -> list[str]:
        """Return the fields of ``name: field; name: field``. Raises ValueError if the names differ."""
        fields = [field.partition(": ") for field in text.split("; ")]
        if tuple(name for name, _, _ in fields) != names:
            form = "; ".join(f"{name}: ..." for name in names)
            raise ValueError(f"{self.name}: {text!r} is not of the form {form!r}")
        return [field for _, _, field in fields]

    def _cell(self, field: str, text: str) -> Cell:
        """Return the cell written as ``field``. Errors quote ``text``."""
        nodes = field.split("|")
        if len(nodes) != self.nodes:
            raise ValueError(
                f"{self.name}: expected {self.nodes} nodes, found {len(nodes)} in {field!r} of {text!r}"
            )
        return tuple(self._node(node, number, text) for number, node in enumerate(nodes, start=FIRST))

    def _node(self, field: str, number: int, text: str) -> Node:
        edges = field.split("+")
        if len(edges) != 2:
            raise ValueError(f"{self.name}: expected two edges, found {field!r} in {text!r}")
        return as_node([self._edge(edge, number, text) for edge in edges])

    def _edge(self, token: str, node: int, text: str) -> Edge:
        operation, _, source = token.partition("~")
        return self._checked_edge(operation, int(source) if source.isdecimal() else source, node, text)

    def _checked_edge(self, operation: Any, source: Any, node: int, where: str) -> Edge:
        if operation not in self.operations:
            raise ValueError(
                f"{self.name}: unknown operation {operation!r} in {where!r}; "
                f"it has {', '.join(self.operations)}"
            )
        if source not in range(node):
            raise ValueError(
                f"{self.name}: {source!r} is not a source of node {node} in {where!r}; it has 0 to {node - 1}"
            )
        return (source, operation)

    def _exact(self, arch: Genotype, text: str) -> Genotype:
        """Return ``arch``. Raises ValueError unless ``text`` is its text."""
        if self.text(arch) != text:
            raise ValueError(f"{self.name}: {text!r} is not written as {self.text(arch)!r}")
        return arch

    def genotype_cell(self, pairs: Sequence[Sequence[Any]]) -> Cell:
        """Return the cell of a list in the authors' format, with two (operation, source) entries per node.

        Raises ValueError, which names the offending value, for a wrong length, operation or source node.
        """
        if len(pairs) != 2 * self.nodes:
            raise ValueError(f"{self.name}: expected {2 * self.nodes} edges, found {len(pairs)} in {pairs}")
        edges = [
            self._checked_edge(operation, source, FIRST + place // 2, str(pairs))
            for place, (operation, source) in enumerate(pairs)
        ]
        return tuple(as_node(edges[i : i + 2]) for i in range(0, len(edges), 2))


def as_node(edges: Sequence[Edge]) -> Node:
    """Return the node of two edges, sorted."""
    first, second = sorted(edges)
    return first, second


def cell_text(cell: Cell) -> str:
    """Return the text of a cell."""
    return "|".join("+".join(f"{operation}~{source}" for source, operation in node) for node in cell)


@cache
def drawn_nodes(space: GenotypeSpace, number: int) -> tuple[Node, ...]:
    """Return all nodes that node ``number`` may be in ``sample``, ascending."""
    edges = sorted((source, operation) for source in range(number) for operation in space.operations)
    return tuple(node for node in combinations_with_replacement(edges, 2) if space.draws(node))


@cache
def canonical_cell(cell: Cell) -> Cell:
    """Return the smallest cell that renumbering turns ``cell`` into; a ``none`` gets the source node 0.

    All renumberings under which every node comes after its source nodes are compared. There are at most 5! =
    120, and the result is cached per cell.
    """
    cell = tuple(as_node([(0, op) if op == NONE else (source, op) for source, op in node]) for node in cell)
    numbers = range(FIRST, FIRST + len(cell))
    orders = (dict(zip(order, numbers, strict=True)) for order in permutations(numbers))
    return min(_renumbered(cell, number) for number in orders if _keeps_order(cell, number))


def _renumbered(cell: Cell, number: dict[int, int]) -> Cell:
    """Return the cell with new node numbers. ``number`` maps old to new numbers, sorted by the new ones."""
    return tuple(
        as_node([(number.get(source, source), op) for source, op in cell[old - FIRST]]) for old in number
    )


def _keeps_order(cell: Cell, number: dict[int, int]) -> bool:
    """Return whether every node comes after its source nodes under the new numbers."""
    return all(
        number.get(source, source) < new for old, new in number.items() for source, _ in cell[old - FIRST]
    )


def _edited_nodes(node: Node, number: int, operations: Sequence[str]) -> set[Node]:
    """Return all nodes that differ from ``node`` in the operation or the source node of one edge."""
    found: set[Node] = set()
    for kept, (source, operation) in (node, node[::-1]):
        edges = [(source, other) for other in operations] + [(other, operation) for other in range(number)]
        found |= {as_node([kept, edge]) for edge in edges}
    return found - {node}


def _node_distance(a: Node, b: Node) -> int:
    """Return the number of different operations and source nodes under the better matching of the edges."""
    return min(
        sum(x != y for mine, other in zip(a, order, strict=True) for x, y in zip(mine, other, strict=True))
        for order in (b, b[::-1])
    )

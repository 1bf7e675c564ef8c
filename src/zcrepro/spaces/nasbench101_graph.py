"""The NAS-Bench-101 cell as a labelled graph: text, pruning, published numbering and published hash.

Source: Ying et al., NAS-Bench-101, ICML 2019, and the released code. Vertex 0 is the input, the last vertex
is the output, and edges lead from lower to higher numbers. A cell is written vertex by vertex, each with its
operation and its predecessors: ``conv3x3~0|maxpool3x3~01|output~12``.

Cells that differ only in the numbering of their vertices are one cell of the benchmark, which was trained
once. The trained network nevertheless depends on the numbering, because channels that cannot be divided
evenly go to the first vertices. Each cell is therefore written in the numbering in which it was trained: the
one that the authors' enumeration meets first.

That enumeration counts through adjacency matrices of n vertices, whose entries for edges (u, v), u < v, are
the bits u + v (v - 1) / 2 of a counter, and for each matrix through the labellings of the n - 2 inner
vertices. A pair of matrix and labelling is thus one integer,

    code = bits * 3**(n - 2) + labels read as base-3 digits,

and the enumeration visits codes in ascending order. The published numbering of a cell is the renumbering of
smallest code, and two cells are isomorphic if and only if their smallest codes are equal. There are at most
5! = 120 renumberings, because the input and the output are fixed.

Under each renumbering an entry of the matrix moves to another bit, so ``bits`` is linear in the entries, and
``labels`` in the labels. The codes of many cells under all renumberings are therefore two integer matrix
products, exact in int64: see ``renumbered_codes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import md5
from itertools import permutations

import numpy as np

from zcrepro.spaces.base import Arch
from zcrepro.spaces.graph import POOL, SKIP, Graph, LabelledEdge, conv

OPERATIONS = ("conv3x3", "conv1x1", "maxpool3x3")
"""Operations in the order of the authors' labels 0 to 2, on which the hash and the order of cells depend."""

LABELS = {"conv3x3": conv(3), "conv1x1": conv(1), "maxpool3x3": POOL}

OUTPUT = "output"
MAX_VERTICES = 7
MAX_EDGES = 9

INPUT_LABEL, OUTPUT_LABEL = -1, -2  # labels that only the hash uses


def write(cell: Arch) -> str:
    """Return the text of a cell: for each vertex its operation and predecessors, joined by ``|``."""
    return "|".join(f"{operation}~{''.join(map(str, sources))}" for operation, sources in cell)


def read(text: str) -> Arch:
    """Return the cell written as ``text``, in the numbering of the text; the inverse of ``write``.

    Raises ValueError if the text is not a cell of the space.
    """
    tokens = text.split("|")
    if len(tokens) >= MAX_VERTICES:
        raise ValueError(f"{text!r} has {len(tokens) + 1} vertices with its input; at most {MAX_VERTICES}")
    cell = tuple(_vertex(token, number, text) for number, token in enumerate(tokens, start=1))
    if cell[-1][0] != OUTPUT:
        raise ValueError(f"{text!r} ends with {tokens[-1]!r} instead of {OUTPUT}")
    for vertex in cell[:-1]:
        if vertex[0] not in OPERATIONS:
            raise ValueError(
                f"unknown operation {vertex[0]!r} in {text!r}; there are {', '.join(OPERATIONS)}"
            )
    _require_few_edges(cell)
    read_by_some = {source for _, sources in cell for source in sources}
    # Every vertex has a predecessor, so it is reached from the input; it remains to check that it is read.
    for number, token in enumerate(tokens[:-1], start=1):
        if number not in read_by_some:
            raise ValueError(f"no vertex of {text!r} reads vertex {number}, {token!r}")
    return cell


def _vertex(token: str, number: int, text: str) -> tuple[str, tuple[int, ...]]:
    operation, tilde, digits = token.partition("~")
    earlier = "".join(map(str, range(number)))
    if not tilde or not digits or digits != "".join(digit for digit in earlier if digit in digits):
        raise ValueError(
            f"{token!r} in {text!r} is not an operation, ~ and some of the digits {earlier}, ascending"
        )
    return operation, tuple(map(int, digits))


def _require_few_edges(cell: Arch) -> None:
    edges = sum(len(sources) for _, sources in cell)
    if edges > MAX_EDGES:
        raise ValueError(f"{write(cell)!r} has {edges} edges; at most {MAX_EDGES}")


def as_arrays(cell: Arch) -> tuple[np.ndarray, np.ndarray]:
    """Return the adjacency matrix, int64 (vertices, vertices), and the labels of the inner vertices."""
    adjacency = np.zeros((len(cell) + 1, len(cell) + 1), dtype=np.int64)
    for number, (_, sources) in enumerate(cell, start=1):
        adjacency[list(sources), number] = 1
    return adjacency, np.array([OPERATIONS.index(operation) for operation, _ in cell[:-1]], dtype=np.int64)


def pruned(adjacency: np.ndarray, labels: Sequence[int] | np.ndarray) -> Arch:
    """Return the cell of an upper triangular matrix without the vertices on no path from input to output.

    The order of the remaining vertices is kept. Raises ValueError if there is no path, or if more edges
    remain than a cell may have.
    """
    vertices = len(adjacency)
    reached, reaching = [True] + [False] * (vertices - 1), [False] * (vertices - 1) + [True]
    for vertex in range(1, vertices):
        reached[vertex] = any(reached[u] for u in range(vertex) if adjacency[u, vertex])
    for vertex in reversed(range(vertices - 1)):
        reaching[vertex] = any(reaching[w] for w in range(vertex + 1, vertices) if adjacency[vertex, w])
    if not reached[-1]:
        raise ValueError("no path leads from the input to the output of the cell")
    live = [vertex for vertex in range(vertices) if reached[vertex] and reaching[vertex]]
    names = [OPERATIONS[labels[vertex - 1]] for vertex in live[1:-1]] + [OUTPUT]
    cell = tuple(
        (name, tuple(number for number, u in enumerate(live[:place]) if adjacency[u, live[place]]))
        for place, name in enumerate(names, start=1)
    )
    _require_few_edges(cell)
    return cell


def operation_graph(cell: Arch) -> Graph:
    """Return the graph in which the operations of a cell are edges.

    The operation of vertex v leads from node 2v - 1, the sum of what v reads, to node 2v, the output of v. An
    edge of the cell from u to v becomes a skip connection from node 2u to node 2v - 1. An edge from the input
    to the output is a 1x1 convolution, because that is all its path computes. The 1x1 convolutions that
    project the input for other vertices are not counted.
    """
    edges = [
        LabelledEdge(2 * source, 2 * vertex - 1, conv(1) if source == 0 and operation == OUTPUT else SKIP)
        for vertex, (operation, sources) in enumerate(cell, start=1)
        for source in sources
    ]
    edges += [
        LabelledEdge(2 * vertex - 1, 2 * vertex, LABELS[operation])
        for vertex, (operation, _) in enumerate(cell[:-1], start=1)
    ]
    return Graph(tuple(edges), inputs=(0,), outputs=(2 * len(cell) - 1,))


def published(cell: Arch) -> Arch:
    """Return the cell in the numbering in which the benchmark's authors trained it."""
    adjacency, labels = as_arrays(cell)
    return from_code(len(adjacency), int(least_codes(adjacency[None], labels[None])[0]))


def from_code(vertices: int, code: int) -> Arch:
    """Return the cell that has the given code and number of vertices."""
    bits, label_code = divmod(code, len(OPERATIONS) ** (vertices - 2))
    sources = _sources(vertices, bits)
    return tuple(zip((*_operations(vertices - 2, label_code), OUTPUT), sources, strict=True))


@cache
def _sources(vertices: int, bits: int) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(u for u in range(vertex) if bits >> edge_bit(u, vertex) & 1) for vertex in range(1, vertices)
    )


@cache
def _operations(length: int, code: int) -> tuple[str, ...]:
    base = len(OPERATIONS)
    return tuple(OPERATIONS[code // base**place % base] for place in reversed(range(length)))


def edge_bit(u: int, v: int) -> int:
    """Return the bit of the edge from ``u`` to ``v`` in the code."""
    return u + v * (v - 1) // 2


def least_codes(adjacency: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the smallest code over all renumberings of each cell, int64 (cells,).

    It is equal for isomorphic cells and different for all others. ``adjacency`` is (cells, vertices,
    vertices) and ``labels`` is (cells, vertices - 2).
    """
    bits, label_codes = renumbered_codes(adjacency, labels)
    return (bits * len(OPERATIONS) ** labels.shape[1] + label_codes).min(axis=1)


def renumbered_codes(adjacency: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bits and the label digits of each cell under every renumbering, each (cells, numberings).

    If an edge leads backwards under a renumbering, the bits are larger than those of any valid matrix.
    """
    of_edges, of_labels = _weights(adjacency.shape[1])
    return adjacency.reshape(len(adjacency), len(of_edges)) @ of_edges, labels @ of_labels


@cache
def _weights(vertices: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the value that each matrix entry and each label adds to the code under each renumbering.

    The shapes are (vertices**2, numberings) and (inner vertices, numberings). The first renumbering is the
    identity. An entry that becomes a backward edge adds a power of two above all valid bits. At most nine
    entries are set, so the sum stays far below 2**63.
    """
    inner = vertices - 2
    numberings = [(0, *order, vertices - 1) for order in permutations(range(1, vertices - 1))]
    backwards = 1 << (edge_bit(vertices - 2, vertices - 1) + 1)
    pairs = [(u, v) for u in range(vertices) for v in range(vertices)]
    of_edges = [
        [1 << edge_bit(new[u], new[v]) if new[u] < new[v] else backwards for new in numberings]
        for u, v in pairs
    ]
    of_labels = [
        [len(OPERATIONS) ** (inner - new[vertex]) for new in numberings] for vertex in range(1, inner + 1)
    ]
    return np.array(of_edges, np.int64), np.array(of_labels, np.int64).reshape(inner, len(numberings))


def module_hash(cell: Arch) -> str:
    """Return the published hash of a cell: iterated hashes of neighbourhoods, equal for isomorphic cells.

    Isomorphic cells have equal hashes by construction. The converse is not guaranteed, but the authors and a
    test of this project verified that no two cells of the space share a hash.
    """
    sources: list[tuple[int, ...]] = [(), *(found for _, found in cell)]
    vertices = range(len(sources))
    targets = [[w for w in vertices if v in sources[w]] for v in vertices]
    labels = [INPUT_LABEL, *(OPERATIONS.index(operation) for operation, _ in cell[:-1]), OUTPUT_LABEL]
    hashes = [_md5(str((len(targets[v]), len(sources[v]), labels[v]))) for v in vertices]
    for _ in vertices:
        before = [sorted([hashes[u] for u in sources[v]]) for v in vertices]
        after = [sorted([hashes[w] for w in targets[v]]) for v in vertices]
        hashes = [_md5(f"{''.join(before[v])}|{''.join(after[v])}|{hashes[v]}") for v in vertices]
    return _md5(str(sorted(hashes)))


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()

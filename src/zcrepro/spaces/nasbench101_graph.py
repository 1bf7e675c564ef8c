"""The NAS-Bench-101 cell as a labelled graph: text, pruning, its published numbering and its published hash.

Source: Ying et al., NAS-Bench-101, ICML 2019, and its released code. Vertex 0 is the input, the
last one the output, edges go from lower to higher numbers. A cell is written vertex by vertex,
each with its operation and the vertices it reads: ``conv3x3~0|maxpool3x3~01|output~12``.

Cells that differ in the numbering of their vertices alone are one cell of the benchmark, trained
once. Its network depends on the numbering all the same, since channels that cannot be divided
evenly go to the first vertices; so each cell is written in the numbering in which it was trained,
the one that the authors' enumeration meets first.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import md5
from itertools import permutations

import numpy as np

from zcrepro.spaces.base import Arch

OPERATIONS = ("conv3x3", "conv1x1", "maxpool3x3")
"""In the order of the authors' labels, 0 to 2; the hash and the order of cells depend on it."""

OUTPUT = "output"
MAX_VERTICES = 7
MAX_EDGES = 9

INPUT_LABEL, OUTPUT_LABEL = -1, -2  # in the hash


def write(cell: Arch) -> str:
    """``conv3x3~0|maxpool3x3~01|output~12``: a vertex's operation, then the vertices it reads."""
    return "|".join(f"{operation}~{''.join(map(str, sources))}" for operation, sources in cell)


def read(text: str) -> Arch:
    """The inverse of ``write``, in the numbering of the text. Raises ValueError for what is no cell."""
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
    for number, token in enumerate(tokens[:-1], start=1):  # what reads something is reached from the input
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
    """Adjacency, (vertices, vertices) of 0 and 1, and the labels of the inner vertices."""
    adjacency = np.zeros((len(cell) + 1, len(cell) + 1), dtype=np.int64)
    for number, (_, sources) in enumerate(cell, start=1):
        adjacency[list(sources), number] = 1
    return adjacency, np.array([OPERATIONS.index(operation) for operation, _ in cell[:-1]], dtype=np.int64)


def pruned(adjacency: np.ndarray, labels: Sequence[int] | np.ndarray) -> Arch:
    """The cell of any upper triangular matrix, without what lies on no path from input to output.

    The numbering is kept. Raises ValueError when no path is there, or more edges than a cell may have.
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


def published(cell: Arch) -> Arch:
    """The cell in the numbering in which the benchmark's authors trained it."""
    adjacency, labels = as_arrays(cell)
    return from_code(len(adjacency), int(least_codes(adjacency[None], labels[None])[0]))


def from_code(vertices: int, code: int) -> Arch:
    """The cell of a code of ``least_codes``, or of any code of that form."""
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
    """The place of the edge from ``u`` to ``v`` in the authors' enumeration of matrices."""
    return u + v * (v - 1) // 2


def least_codes(adjacency: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """For each of many cells the least code of all its numberings: equal exactly for isomorphic cells.

    A code is bits * 3**(inner vertices) + labels read as digits, so the least one is that of the
    cell which comes first in the authors' enumeration, by bits and then by labels.
    ``adjacency`` is (cells, vertices, vertices), ``labels`` (cells, vertices - 2).
    """
    bits, label_codes = renumbered_codes(adjacency, labels)
    return (bits * len(OPERATIONS) ** labels.shape[1] + label_codes).min(axis=1)


def renumbered_codes(adjacency: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(cells, numberings) each: bits of the edges, and labels read as digits, under every numbering.

    A numbering in which an edge would lead backwards gets more bits than any other can have.
    """
    of_edges, of_labels = _weights(adjacency.shape[1])
    return adjacency.reshape(len(adjacency), len(of_edges)) @ of_edges, labels @ of_labels


@cache
def _weights(vertices: int) -> tuple[np.ndarray, np.ndarray]:
    """What each entry of a matrix, and each label, adds to the two codes under each numbering.

    The first numbering is the one that changes nothing.
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
    """The published name of a cell: iterated hashes of neighbourhoods, equal for isomorphic cells.

    Its authors, and a test, verified that no two cells of the space share one.
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

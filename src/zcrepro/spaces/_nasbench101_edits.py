"""Edit NAS-Bench-101 cells, independently of the numbering of their vertices.

One edit changes the operation of a vertex, adds or removes an edge, or adds or removes a vertex with all its
edges. Before and after the edit the cell is in the space, so nothing has to be pruned. Users of the benchmark
usually edit matrices of seven vertices and prune the result. That relation is not symmetric, because the
edges of a dead vertex are lost.

Every cell can be reached from every other. Remove edges as long as every vertex stays on a path from input to
output. Some vertex then has one incoming and one outgoing edge; add an edge that bypasses it and remove the
vertex. Repeating this leads to the cell without inner vertices, and edits are reversible.
"""

from functools import cache
from itertools import combinations, permutations, product

import numpy as np

from zcrepro.spaces.base import Arch
from zcrepro.spaces.nasbench101_graph import (
    MAX_EDGES,
    MAX_VERTICES,
    OPERATIONS,
    as_arrays,
    edge_bit,
    from_code,
    least_codes,
)


def neighbours(cell: Arch) -> list[Arch]:
    """Return all cells that are one edit away, in their published numbering, by size and then by code."""
    adjacency, labels = as_arrays(cell)
    vertices = len(adjacency)
    (own,) = least_codes(adjacency[None], labels[None])
    found = {vertices: _with_another_edge_or_operation(adjacency, labels)}
    if vertices > 2:
        found = {vertices - 1: _without_a_vertex(adjacency, labels)} | found
    if vertices < MAX_VERTICES:
        found |= {vertices + 1: _with_another_vertex(adjacency, labels)}
    return [
        from_code(size, code)
        for size, candidates in found.items()
        for code in _codes_of_cells(*candidates)
        if (size, code) != (vertices, own)
    ]


Candidates = tuple[np.ndarray, np.ndarray]
"""Adjacency matrices (candidates, vertices, vertices) and labels (candidates, vertices - 2)."""


def _without_a_vertex(adjacency: np.ndarray, labels: np.ndarray) -> Candidates:
    """Return the cell without each of its inner vertices in turn."""
    inner = range(1, len(adjacency) - 1)
    smaller = [np.delete(np.delete(adjacency, vertex, 0), vertex, 1) for vertex in inner]
    return np.stack(smaller), np.stack([np.delete(labels, vertex - 1) for vertex in inner])


def _with_another_edge_or_operation(adjacency: np.ndarray, labels: np.ndarray) -> Candidates:
    """Return the cell with each entry of its matrix flipped, and with each label replaced.

    Many candidates are not in the space, and are removed by ``_codes_of_cells``.
    """
    size = len(adjacency)
    flips = np.eye(size * size, dtype=np.int64).reshape(-1, size, size)
    relabelled = [
        np.where(np.arange(len(labels)) == place, label, labels)
        for place in range(len(labels))
        for label in range(len(OPERATIONS))
    ]
    matrices = [adjacency ^ flips, np.repeat(adjacency[None], len(relabelled), axis=0)]
    return np.concatenate(matrices), np.array([labels] * len(flips) + relabelled, np.int64)


def _with_another_vertex(adjacency: np.ndarray, labels: np.ndarray) -> Candidates:
    """Return the cell with a new inner vertex, for every choice of its operation and edges.

    The new vertex is the last but one. Its outgoing edges may lead to lower numbers, because ``least_codes``
    finds a valid renumbering if there is one.
    """
    size = len(adjacency)
    entering, leaving = _edges_of_a_new_vertex(size)
    affordable = entering.sum(1) + leaving.sum(1) + adjacency.sum() <= MAX_EDGES
    entering, leaving = entering[affordable], leaving[affordable]
    larger = np.insert(np.insert(adjacency, size - 1, 0, axis=0), size - 1, 0, axis=1)
    matrices = np.repeat(larger[None], len(entering), axis=0)
    old = [*range(size - 1), size]
    matrices[:, old, size - 1] = entering
    matrices[:, size - 1, old] = leaving
    labelled = [np.tile([*labels, operation], (len(matrices), 1)) for operation in range(len(OPERATIONS))]
    return np.tile(matrices, (len(OPERATIONS), 1, 1)), np.concatenate(labelled)


@cache
def _edges_of_a_new_vertex(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return every choice of predecessors and of successors of a new vertex, each 0-1 (choices, vertices)."""
    choices = np.array(list(product((0, 1), *[(0, 1, 2)] * (size - 2), (0, 2))))
    return (choices == 1).astype(np.int64), (choices == 2).astype(np.int64)


def _codes_of_cells(adjacency: np.ndarray, labels: np.ndarray) -> list[int]:
    """Return the distinct codes of the candidates that are in the space, ascending.

    A candidate whose smallest code is not a valid one has a cycle: every renumbering has a backward edge.
    """
    size = adjacency.shape[1]
    few_edges = adjacency.sum(axis=(1, 2)) <= MAX_EDGES
    entered = (adjacency.sum(axis=1)[:, 1:] > 0).all(axis=1)
    left = (adjacency.sum(axis=2)[:, :-1] > 0).all(axis=1)
    good = np.flatnonzero(few_edges & entered & left)
    codes = np.unique(least_codes(adjacency[good], labels[good]))
    cyclic = len(OPERATIONS) ** (size - 2) << (edge_bit(size - 2, size - 1) + 1)
    return codes[codes < cyclic].tolist()


def distance(a: Arch, b: Arch) -> int:
    """Return the number of edits that turn one cell into the other under the best matching of vertices.

    Each inner vertex is matched with at most one inner vertex of the other cell. The distance is the minimum,
    over all such matchings, of the number of different operations, different edges between matched vertices,
    and unmatched vertices. It is a metric, and 1 exactly for neighbours. The intermediate cells need not be
    in the space, so a walk through the space may be longer.
    """
    (a_edges, a_labels), (b_edges, b_labels) = as_arrays(a), as_arrays(b)
    stands_for = _pairings(len(a_edges), len(b_edges))
    paired = stands_for[:, 1:-1] != len(b_edges)
    unpaired = len(a_labels) + len(b_labels) - 2 * paired.sum(axis=1)
    labels = np.array([0, *b_labels, 0, 0])[stands_for[:, 1:-1]]
    operations = ((labels != a_labels) & paired).sum(axis=1)
    nothing = 2  # for an unmatched vertex: neither an edge (1) nor no edge (0)
    padded = np.pad(b_edges, (0, 1), constant_values=nothing)
    images = padded[stands_for[:, :, None], stands_for[:, None, :]]
    changed = ((images != a_edges) & (images != nothing)).sum(axis=(1, 2))
    return int((unpaired + operations + changed).min())


@cache
def _pairings(a_vertices: int, b_vertices: int) -> np.ndarray:
    """Return all matchings, (matchings, vertices of a): the matched vertex of b, or ``b_vertices``."""
    a_inner, b_inner = range(1, a_vertices - 1), range(1, b_vertices - 1)
    pairings = []
    for count in range(min(len(a_inner), len(b_inner)) + 1):
        for chosen in combinations(a_inner, count):
            for images in permutations(b_inner, count):
                of = dict(zip(chosen, images, strict=True))
                pairings.append([0, *(of.get(vertex, b_vertices) for vertex in a_inner), b_vertices - 1])
    return np.array(pairings)

"""Edits of NAS-Bench-101 cells, whatever the numbering of their vertices.

One edit changes the operation of a vertex, adds or removes an edge, or adds or removes a vertex
with all its edges; before and after it the cell is one of the space, with nothing to prune. The
benchmark's users edit matrices of seven vertices instead and prune the result, which is not
symmetric: the edges that come off with a dead vertex are gone.

Every cell can be led to every other: in a cell that loses a vertex with each of its edges, some
vertex has one edge in and one out, and goes alone once an edge leads past it.
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
    """Every cell that is one edit away, in its published numbering, by vertices and then in their order."""
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
"""Adjacencies (candidates, vertices, vertices) and labels (candidates, vertices - 2)."""


def _without_a_vertex(adjacency: np.ndarray, labels: np.ndarray) -> Candidates:
    inner = range(1, len(adjacency) - 1)
    smaller = [np.delete(np.delete(adjacency, vertex, 0), vertex, 1) for vertex in inner]
    return np.stack(smaller), np.stack([np.delete(labels, vertex - 1) for vertex in inner])


def _with_another_edge_or_operation(adjacency: np.ndarray, labels: np.ndarray) -> Candidates:
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
    """The new vertex is numbered last but one; the edges that leave it may lead backwards."""
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
    """(choices, vertices) of 0 and 1 each: the vertices it reads, and those that read it."""
    choices = np.array(list(product((0, 1), *[(0, 1, 2)] * (size - 2), (0, 2))))
    return (choices == 1).astype(np.int64), (choices == 2).astype(np.int64)


def _codes_of_cells(adjacency: np.ndarray, labels: np.ndarray) -> list[int]:
    """The codes of those candidates that are cells of the space, each once, ascending."""
    size = adjacency.shape[1]
    few_edges = adjacency.sum(axis=(1, 2)) <= MAX_EDGES
    entered = (adjacency.sum(axis=1)[:, 1:] > 0).all(axis=1)
    left = (adjacency.sum(axis=2)[:, :-1] > 0).all(axis=1)
    good = np.flatnonzero(few_edges & entered & left)
    codes = np.unique(least_codes(adjacency[good], labels[good]))
    cyclic = len(OPERATIONS) ** (size - 2) << (edge_bit(size - 2, size - 1) + 1)
    return codes[codes < cyclic].tolist()


def distance(a: Arch, b: Arch) -> int:
    """How many edits turn one cell into the other where each vertex stands for at most one of the other cell.

    The least number over all such pairings of different operations, different edges between paired
    vertices, and unpaired vertices. It is a metric, 1 exactly for neighbours. The cells in between
    need not be in the space, so that a walk through the space may be longer.
    """
    (a_edges, a_labels), (b_edges, b_labels) = as_arrays(a), as_arrays(b)
    stands_for = _pairings(len(a_edges), len(b_edges))
    paired = stands_for[:, 1:-1] != len(b_edges)
    unpaired = len(a_labels) + len(b_labels) - 2 * paired.sum(axis=1)
    labels = np.array([0, *b_labels, 0, 0])[stands_for[:, 1:-1]]
    operations = ((labels != a_labels) & paired).sum(axis=1)
    nothing = 2  # where a vertex is unpaired: neither an edge nor none
    padded = np.pad(b_edges, (0, 1), constant_values=nothing)
    images = padded[stands_for[:, :, None], stands_for[:, None, :]]
    changed = ((images != a_edges) & (images != nothing)).sum(axis=(1, 2))
    return int((unpaired + operations + changed).min())


@cache
def _pairings(a_vertices: int, b_vertices: int) -> np.ndarray:
    """(pairings, vertices of a): the vertex of b that each stands for, ``b_vertices`` for none."""
    a_inner, b_inner = range(1, a_vertices - 1), range(1, b_vertices - 1)
    pairings = []
    for count in range(min(len(a_inner), len(b_inner)) + 1):
        for chosen in combinations(a_inner, count):
            for images in permutations(b_inner, count):
                of = dict(zip(chosen, images, strict=True))
                pairings.append([0, *(of.get(vertex, b_vertices) for vertex in a_inner), b_vertices - 1])
    return np.array(pairings)

"""Enumerate the 423,624 cells of NAS-Bench-101 in the order of the authors' enumeration.

The authors hash every labelled matrix and keep the first one of each hash. Here, a cell is kept if its code
is the smallest of all its renumberings (see ``nasbench101_graph``), which gives the same cells in the same
order without hashing.

Checking every labelled matrix is avoided by splitting the test in two. A code compares by its bits first, so
the matrix alone must have the smallest bits of all renumberings. For such a matrix, only its automorphisms,
the renumberings that leave the bits unchanged, can still give a smaller code. The labelling must therefore be
the smallest under the automorphisms. Both tests are comparisons of whole arrays.
"""

from functools import cache
from itertools import product

import numpy as np

from zcrepro.spaces.nasbench101_graph import (
    MAX_EDGES,
    MAX_VERTICES,
    OPERATIONS,
    edge_bit,
    renumbered_codes,
)


@cache
def cells() -> tuple[np.ndarray, np.ndarray]:
    """Return the number of vertices and the code of every cell, each int64 (423624,).

    ``nasbench101_graph.from_code`` decodes them.
    """
    codes = {vertices: _codes(vertices) for vertices in range(2, MAX_VERTICES + 1)}
    return np.repeat(list(codes), list(map(len, codes.values()))), np.concatenate(list(codes.values()))


def _codes(vertices: int) -> np.ndarray:
    """Return the codes of the cells with ``vertices`` vertices, ascending, one per isomorphism class."""
    matrices, bits = _matrices(vertices)
    inner = vertices - 2
    labellings = np.array(list(product(range(len(OPERATIONS)), repeat=inner)), np.int64)
    all_bits, _ = renumbered_codes(matrices, np.zeros((len(matrices), inner), np.int64))
    _, label_codes = renumbered_codes(np.zeros((len(labellings), vertices, vertices), np.int64), labellings)
    least = all_bits.min(axis=1) == bits
    found = []
    for matrix_bits, automorphisms in zip(bits[least], (all_bits == bits[:, None])[least], strict=True):
        distinct = label_codes[:, automorphisms].min(axis=1) == label_codes[:, 0]
        found.append(matrix_bits * len(labellings) + np.flatnonzero(distinct))
    return np.concatenate(found)


def _matrices(vertices: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the upper triangular matrices of valid cells, (matrices, n, n), and their bits, ascending.

    Valid matrices have at most nine edges and all vertices on a path from input to output. Because edges lead
    forward, a vertex is on such a path if and only if it has a predecessor and a successor.
    """
    pairs = [(u, v) for v in range(vertices) for u in range(v)]
    bits = np.arange(1 << len(pairs))
    bits = bits[np.bitwise_count(bits) <= MAX_EDGES]
    for vertex in range(vertices):
        entering = sum(1 << edge_bit(u, v) for u, v in pairs if v == vertex)
        leaving = sum(1 << edge_bit(u, v) for u, v in pairs if u == vertex)
        for needed in filter(None, (entering, leaving)):
            bits = bits[(bits & needed) != 0]
    matrices = np.zeros((len(bits), vertices, vertices), np.int64)
    for u, v in pairs:
        matrices[:, u, v] = bits >> edge_bit(u, v) & 1
    return matrices, bits

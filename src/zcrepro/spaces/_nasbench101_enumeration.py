"""All 423,624 cells of NAS-Bench-101, in the order in which its authors' enumeration meets them first."""

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
    """The number of vertices of each cell, and its code, which ``nasbench101_graph.from_code`` reads."""
    codes = {vertices: _codes(vertices) for vertices in range(2, MAX_VERTICES + 1)}
    return np.repeat(list(codes), list(map(len, codes.values()))), np.concatenate(list(codes.values()))


def _codes(vertices: int) -> np.ndarray:
    """The codes, ascending, of the cells with so many vertices: one for each class of isomorphic cells.

    A matrix is taken when no renumbering has fewer bits. The renumberings that leave it as it is
    are its automorphisms, and a labelling is taken when none of them makes it smaller.
    """
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
    """Every upper triangular matrix, (matrices, vertices, vertices), with at most nine edges and all
    vertices on a path, and its bits, ascending.

    Since edges lead forward only, a vertex lies on a path when something enters and leaves it.
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

"""Simplify a tree without changing how it ranks."""

from collections.abc import Callable, Iterator

import numpy as np

from zcrepro.evolve._engine.tree import Names, Tree
from zcrepro.ranking.correlation import dense_ranks


def simplified(tree: Tree, values: Callable[[Names], np.ndarray]) -> Tree:
    """Return the smallest tree that is found by replacing functions by parts of their operands.

    Parameters
    ----------
    tree
        The tree to simplify.
    values
        Function from the names of a tree to its values on the rows whose order must stay, (n,). The rows
        should include random ones, so that trees which agree on the training data by chance are told apart.
    """
    ranks = dense_ranks(values(tree.names))
    while True:
        smaller = (
            each for each in _reductions(tree) if np.array_equal(dense_ranks(values(each.names)), ranks)
        )
        found = next(smaller, None)
        if found is None:
            return tree
        tree = found


def _reductions(tree: Tree) -> Iterator[Tree]:
    """Yield the trees in which one function gives way to a part of itself, the smallest tree first."""
    found = {
        tree.replaced(root, tree.subtree(part))
        for root in range(len(tree))
        if tree[root].arity
        for part in range(root + 1, tree.searchSubtree(root).stop)
    }
    yield from sorted(found, key=lambda each: (len(each), each.names))

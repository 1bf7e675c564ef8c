"""Random trees, crossover and mutation (Koza, Genetic Programming, 1992).

Every operator draws from the generator that it is given, so that equal generators give equal trees.
"""

from collections.abc import Sequence

import numpy as np

from zcrepro.evolve._engine.tree import Node, Primitives, Tree

GROWN_HEIGHTS = (0, 2)
"""Lowest and highest height of the subtree that a mutation puts into a tree."""


def ramped_half_and_half(
    primitives: Primitives, heights: tuple[int, int], size: int, rng: np.random.Generator
) -> list[Tree]:
    """Return an initial population of ``size`` trees, ramped half-and-half.

    Each tree is full or grown with equal probability.
    """
    return [random_tree(primitives, heights, rng, full=full) for full in rng.random(size) < 0.5]


def random_tree(
    primitives: Primitives, heights: tuple[int, int], rng: np.random.Generator, *, full: bool
) -> Tree:
    """Return a random tree whose height limit is uniform from the first to the second of ``heights``.

    In a full tree the depth of every terminal is that limit. In a grown tree a branch may end at any depth
    from the first of ``heights`` on, with the share of terminals among the primitives as its probability.
    """
    lowest, highest = heights
    limit = lowest + _below(highest - lowest + 1, rng)
    tree: list[Node] = []
    depths = [0]
    while depths:
        depth = depths.pop()
        ends = depth == limit or (not full and depth >= lowest and rng.random() < primitives.terminal_ratio)
        node = _any(primitives.terminals if ends else primitives.functions, rng)
        tree.append(node)
        depths.extend([depth + 1] * node.arity)
    return Tree(tree)


def crossover(one: Tree, other: Tree, rng: np.random.Generator) -> tuple[Tree, Tree]:
    """Exchange a random subtree of one tree with a random subtree of the other (one-point crossover).

    Roots are not exchanged, so a tree of a single node stays as it is, and so does its partner.
    """
    if min(len(one), len(other)) < 2:
        return one, other
    here, there = 1 + _below(len(one) - 1, rng), 1 + _below(len(other) - 1, rng)
    return one.replaced(here, other.subtree(there)), other.replaced(there, one.subtree(here))


def mutated(tree: Tree, primitives: Primitives, rng: np.random.Generator) -> Tree:
    """Return ``tree`` after subtree mutation, node replacement or shrinking, with equal probability."""
    kind = _below(3, rng)
    if kind == 0:
        return with_new_subtree(tree, primitives, rng)
    if kind == 1:
        return with_new_node(tree, primitives, rng)
    return shrunk(tree, rng)


def with_new_subtree(tree: Tree, primitives: Primitives, rng: np.random.Generator) -> Tree:
    """Replace a random subtree, or the whole tree, by a full random tree of a height in GROWN_HEIGHTS."""
    root = _below(len(tree), rng)
    return tree.replaced(root, random_tree(primitives, GROWN_HEIGHTS, rng, full=True))


def with_new_node(tree: Tree, primitives: Primitives, rng: np.random.Generator) -> Tree:
    """Replace a random node other than the root by a random node of the same arity.

    A tree of a single node stays as it is.
    """
    if len(tree) < 2:
        return tree
    place = 1 + _below(len(tree) - 1, rng)
    node = _any(primitives.of_arity(tree[place].arity), rng)
    return Tree([*tree[:place], node, *tree[place + 1 :]])


def shrunk(tree: Tree, rng: np.random.Generator) -> Tree:
    """Replace a random function other than the root by one of its operands.

    A tree with no such function stays as it is.
    """
    functions = [place for place in range(1, len(tree)) if tree[place].arity]
    if not functions:
        return tree
    root = functions[_below(len(functions), rng)]
    operand = root + 1
    for _ in range(_below(tree[root].arity, rng)):
        operand = tree.searchSubtree(operand).stop
    return tree.replaced(root, tree.subtree(operand))


def _any(nodes: Sequence[Node], rng: np.random.Generator) -> Node:
    # Generator.choice would make an array of the nodes first.
    return nodes[_below(len(nodes), rng)]


def _below(limit: int, rng: np.random.Generator) -> int:
    # Generator.integers takes six times as long for a single number.
    return int(limit * rng.random())

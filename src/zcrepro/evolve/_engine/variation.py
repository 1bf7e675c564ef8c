"""Random trees, crossover and mutation (Koza, Genetic Programming, 1992).

Every operator draws from the generator that it is given, so that equal generators give equal trees.
"""

import random

from zcrepro.evolve._engine.tree import Primitives, Tree, replaced, subtree

GROWN_HEIGHTS = (0, 2)
"""Lowest and highest height of the subtree that a mutation puts into a tree."""


def ramped_half_and_half(
    primitives: Primitives, heights: tuple[int, int], size: int, rng: random.Random
) -> list[Tree]:
    """Return an initial population of ``size`` trees, ramped half-and-half.

    Heights are uniform between the two of ``heights``. A tree is full or grown with equal probability.
    """
    return [random_tree(primitives, heights, rng, full=bool(rng.randrange(2))) for _ in range(size)]


def random_tree(primitives: Primitives, heights: tuple[int, int], rng: random.Random, *, full: bool) -> Tree:
    """Return a random tree whose height is at most one drawn between the two of ``heights``.

    In a full tree every terminal stands at that height. In a grown tree a branch may end anywhere from the
    lower height on, with the share of terminals among the primitives as probability.
    """
    lowest, highest = heights
    limit = rng.randint(lowest, highest)
    tree, depths = [], [0]
    while depths:
        depth = depths.pop()
        ends = depth == limit or (not full and depth >= lowest and rng.random() < primitives.terminal_ratio)
        node = rng.choice(primitives.terminals if ends else primitives.functions)
        tree.append(node)
        depths.extend([depth + 1] * node.arity)
    return tuple(tree)


def crossover(one: Tree, other: Tree, rng: random.Random) -> tuple[Tree, Tree]:
    """Exchange a random subtree of one tree with a random subtree of the other (one-point crossover).

    Roots are not exchanged, so a tree of a single node stays as it is, and so does its partner.
    """
    if min(len(one), len(other)) < 2:
        return one, other
    rng.randrange(1)
    here = subtree(one, rng.randrange(1, len(one)))
    there = subtree(other, rng.randrange(1, len(other)))
    return replaced(one, here, other[there]), replaced(other, there, one[here])


def mutated(tree: Tree, primitives: Primitives, rng: random.Random) -> Tree:
    """Return ``tree`` after subtree mutation, node replacement or shrinking, with equal probability."""
    kind = rng.randrange(3)
    if kind == 0:
        return with_new_subtree(tree, primitives, rng)
    if kind == 1:
        return with_new_node(tree, primitives, rng)
    return shrunk(tree, rng)


def with_new_subtree(tree: Tree, primitives: Primitives, rng: random.Random) -> Tree:
    """Replace a random subtree, or the whole tree, by a full random tree of a height in GROWN_HEIGHTS."""
    places = subtree(tree, rng.randrange(len(tree)))
    return replaced(tree, places, random_tree(primitives, GROWN_HEIGHTS, rng, full=True))


def with_new_node(tree: Tree, primitives: Primitives, rng: random.Random) -> Tree:
    """Replace a random node other than the root by a random node of the same arity.

    A tree of a single node stays as it is.
    """
    if len(tree) < 2:
        return tree
    place = rng.randrange(1, len(tree))
    node = rng.choice(primitives.of_arity(tree[place].arity))
    return replaced(tree, slice(place, place + 1), (node,))


def shrunk(tree: Tree, rng: random.Random) -> Tree:
    """Replace a random function other than the root by one of its operands.

    A tree with no such function stays as it is.
    """
    functions = [place for place in range(1, len(tree)) if tree[place].arity]
    if not functions:
        return tree
    root = rng.choice(functions)
    operand = subtree(tree, root + 1)
    for _ in range(rng.randrange(tree[root].arity)):
        operand = subtree(tree, operand.stop)
    return replaced(tree, subtree(tree, root), tree[operand])

"""Trees, variation and selection: what every operator keeps, whatever it draws."""

from collections.abc import Callable

import numpy as np
import pytest

from zcrepro.evolve._engine import variation
from zcrepro.evolve._engine.generations import best
from zcrepro.evolve._engine.selection import Individual, Pareto, Tournament
from zcrepro.evolve._engine.tree import Node, Primitives, Tree

IF, ADD, NEG, X, Y = Node("if", 3), Node("add", 2), Node("neg", 1), Node("x"), Node("y")
PRIMITIVES = Primitives([IF, ADD, NEG], [X, Y])
TREE = Tree([ADD, NEG, X, IF, X, Y, ADD, X, NEG, Y])  # add(neg(x), if(x, y, add(x, neg(y))))
SEEDS = range(200)


def is_tree(nodes: Tree) -> bool:
    """Whether every function has its operands, and nothing comes after the last."""
    missing = 1
    for place, node in enumerate(nodes):
        if not missing:
            return False
        assert node in (*PRIMITIVES.functions, *PRIMITIVES.terminals), place
        missing += node.arity - 1
    return missing == 0


def population(seed: int = 0, size: int = 100, heights: tuple[int, int] = (1, 3)) -> list[Tree]:
    return variation.ramped_half_and_half(PRIMITIVES, heights, size, np.random.default_rng(seed))


def leaf_depths(tree: Tree) -> list[int]:
    depths, found = [0], []
    for node in tree:
        depth = depths.pop()
        depths += [depth + 1] * node.arity
        found += [] if node.arity else [depth]
    return found


def test_heights() -> None:
    assert [tree.height for tree in (Tree([X]), Tree([NEG, X]), Tree([ADD, X, Y]), TREE)] == [0, 1, 1, 4]
    assert all(tree.height == max(leaf_depths(tree)) for tree in population())


def test_subtrees() -> None:
    assert [TREE.subtree(place).names for place in (1, 2, 6, 8)] == [
        ("neg", "x"),
        ("x",),
        ("add", "x", "neg", "y"),
        ("neg", "y"),
    ]
    assert TREE.subtree(0) == TREE
    assert TREE.replaced(3, [Y]) == Tree([ADD, NEG, X, Y])


def test_nodes_by_arity() -> None:
    assert [PRIMITIVES.of_arity(arity) for arity in range(4)] == [[X, Y], [NEG], [ADD], [IF]]
    assert PRIMITIVES.terminal_ratio == 0.4


@pytest.mark.parametrize("heights", [(0, 0), (1, 1), (0, 3), (2, 4)])
@pytest.mark.parametrize("full", [True, False])
def test_random_trees_keep_to_their_heights(heights: tuple[int, int], full: bool) -> None:
    trees = [
        variation.random_tree(PRIMITIVES, heights, np.random.default_rng(seed), full=full) for seed in SEEDS
    ]
    assert all(map(is_tree, trees))
    lowest, highest = heights
    assert all(lowest <= min(leaf_depths(tree)) for tree in trees)
    assert {tree.height for tree in trees} == set(range(lowest, highest + 1))
    if full:
        assert all(len(set(leaf_depths(tree))) == 1 for tree in trees)
    elif lowest < highest:
        assert any(len(set(leaf_depths(tree))) > 1 for tree in trees)


def test_the_initial_population_is_ramped_half_and_half() -> None:
    trees = population(size=400, heights=(2, 4))
    assert len(trees) == 400
    assert all(map(is_tree, trees))
    assert {tree.height for tree in trees} == {2, 3, 4}
    is_full = [len(set(leaf_depths(tree))) == 1 for tree in trees]
    assert 200 <= sum(is_full) < 400  # all the full trees, and a few of those that are grown


def test_crossover_exchanges_subtrees() -> None:
    for seed, one, other in zip(SEEDS, population(1, 200), population(2, 200), strict=True):
        children = variation.crossover(one, other, np.random.default_rng(seed))
        assert all(map(is_tree, children))
        assert sorted([*children[0], *children[1]]) == sorted([*one, *other])
        assert (children[0][0], children[1][0]) == (one[0], other[0])


def test_every_subtree_below_the_root_can_be_exchanged() -> None:
    partner = Tree([NEG, Y])
    children = {variation.crossover(TREE, partner, np.random.default_rng(seed))[1] for seed in SEEDS}
    below = {TREE.subtree(place) for place in range(1, len(TREE))}
    assert children == {Tree([NEG, *operand]) for operand in below}


def test_a_tree_of_one_node_takes_no_part_in_crossover() -> None:
    for pair in (Tree([X]), TREE), (TREE, Tree([X])), (Tree([X]), Tree([Y])):
        assert variation.crossover(*pair, np.random.default_rng(0)) == pair


def test_a_new_subtree_stands_at_any_place() -> None:
    lowest, highest = variation.GROWN_HEIGHTS
    assert lowest == 0
    for seed in SEEDS:
        child = variation.with_new_subtree(TREE, PRIMITIVES, np.random.default_rng(seed))
        assert is_tree(child)
        assert any(
            child[:place] == TREE[:place]
            and child.subtree(place).height <= highest
            and child[child.searchSubtree(place).stop :] == TREE[TREE.searchSubtree(place).stop :]
            for place in range(len(TREE))
        )
    children = {
        variation.with_new_subtree(Tree([X]), PRIMITIVES, np.random.default_rng(seed)) for seed in SEEDS
    }
    assert {child.height for child in children} == {0, 1, 2}


def test_a_new_node_has_the_arity_of_the_old_one() -> None:
    primitives = Primitives([*PRIMITIVES.functions, Node("mul", 2), Node("log", 1)], PRIMITIVES.terminals)
    changed = set()
    for seed in SEEDS:
        child = variation.with_new_node(TREE, primitives, np.random.default_rng(seed))
        assert [node.arity for node in child] == [node.arity for node in TREE]
        places = [place for place in range(len(TREE)) if child[place] != TREE[place]]
        assert len(places) <= 1
        changed.update(places)
    # The root stays, and there is no other function of three operands.
    assert changed == set(range(1, len(TREE))) - {3}
    assert variation.with_new_node(Tree([X]), primitives, np.random.default_rng(0)) == Tree([X])


def test_shrinking_puts_an_operand_in_place_of_its_function() -> None:
    children = {variation.shrunk(TREE, np.random.default_rng(seed)) for seed in SEEDS}
    branch = Tree([IF, X, Y, ADD, X, NEG, Y])
    assert children == {
        Tree([ADD, X, *branch]),
        Tree([ADD, NEG, X, X]),
        Tree([ADD, NEG, X, Y]),
        Tree([ADD, NEG, X, ADD, X, NEG, Y]),
        Tree([ADD, NEG, X, IF, X, Y, X]),
        Tree([ADD, NEG, X, IF, X, Y, NEG, Y]),
        Tree([ADD, NEG, X, IF, X, Y, ADD, X, Y]),
    }


@pytest.mark.parametrize("tree", [Tree([X]), Tree([NEG, X]), Tree([IF, X, Y, X])])
def test_a_tree_without_functions_below_its_root_does_not_shrink(tree: Tree) -> None:
    assert variation.shrunk(tree, np.random.default_rng(0)) == tree


def test_every_kind_of_mutation_occurs() -> None:
    children = {variation.mutated(TREE, PRIMITIVES, np.random.default_rng(seed)) for seed in SEEDS}
    assert all(map(is_tree, children))
    assert any(len(child) == len(TREE) and child != TREE for child in children)
    assert children & {variation.shrunk(TREE, np.random.default_rng(seed)) for seed in SEEDS}
    assert any(child.height > TREE.height for child in children)


TWO = [Individual(Tree([X]), 0), Individual(Tree([Y]), 1)]

OPERATORS: dict[str, Callable[[np.random.Generator], object]] = {
    "ramped_half_and_half": lambda rng: variation.ramped_half_and_half(PRIMITIVES, (1, 4), 5, rng),
    "crossover": lambda rng: variation.crossover(TREE, TREE, rng),
    "mutated": lambda rng: variation.mutated(TREE, PRIMITIVES, rng),
    "tournament": lambda rng: Tournament(2).parents(TWO, 5, rng),
    "pareto": lambda rng: Pareto(2).parents(TWO, 5, rng),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_the_generator_decides_what_is_drawn(name: str) -> None:
    draw = OPERATORS[name]
    assert draw(np.random.default_rng(1)) == draw(np.random.default_rng(1))
    assert len({repr(draw(np.random.default_rng(seed))) for seed in range(20)}) > 1


def test_the_best_has_the_largest_fitness_then_the_smallest_size() -> None:
    undefined, low, large, small = (
        Individual(tree, fitness)
        for tree, fitness in ((Tree([X]), -np.inf), (Tree([X]), 0.1), (Tree([NEG, X]), 0.5), (Tree([Y]), 0.5))
    )
    for price in (0.0, 0.1):
        assert best([undefined, low, large, small], price) is small
        assert best([undefined, low], price) is low
        assert best([undefined], price) is undefined


def test_of_equal_individuals_the_first_is_the_best() -> None:
    one, other = Individual(Tree([X]), 0.5), Individual(Tree([Y]), 0.5)
    assert best([one, other], 0.0) is one
    assert best([other, one], 0.0) is other


def test_larger_tournaments_press_harder() -> None:
    individuals = [Individual(Tree([X]), fitness) for fitness in range(50)]
    means = []
    for size in (1, 2, 8):
        winners = Tournament(size).parents(individuals, 500, np.random.default_rng(0))
        assert len(winners) == 500
        assert all(winner in individuals for winner in winners)
        means.append(np.mean([winner.fitness for winner in winners]))
    # The expected maximum of k uniform numbers is k / (k + 1).
    assert np.allclose(means, [25 - 0.5, 50 * 2 / 3 - 0.5, 50 * 8 / 9 - 0.5], atol=2)

"""Selection by fitness, by fitness less a price, and by fitness and size, on individuals made by hand."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from zcrepro.evolve._engine.selection import Individual, MuPlusLambda, Pareto, Tournament, non_dominated
from zcrepro.evolve._engine.tree import Node, Tree


def of(size: int, fitness: float, name: str = "x") -> Individual:
    """Return an individual whose tree is a chain of ``size`` nodes."""
    return Individual(Tree([*[Node("neg", 1)] * (size - 1), Node(name)]), fitness)


class TestNonDominated:
    def test_a_larger_one_must_be_fitter(self) -> None:
        one, three, five, nine = of(1, 0.2), of(3, 0.5), of(5, 0.5), of(9, 0.6)
        assert non_dominated([nine, five, three, of(4, 0.1), one]) == [one, three, nine]

    def test_of_one_size_the_fittest_stays(self) -> None:
        assert non_dominated([of(3, 0.1), of(3, 0.4), of(3, 0.3)]) == [of(3, 0.4)]

    def test_of_equal_ones_the_first_stays(self) -> None:
        one, other = of(2, 0.5, "x"), of(2, 0.5, "y")
        assert non_dominated([one, other]) == [one]
        assert non_dominated([other, one]) == [other]

    def test_an_undefined_fitness_is_not_on_the_front(self) -> None:
        assert non_dominated([of(1, -math.inf), of(2, -0.9)]) == [of(2, -0.9)]
        assert non_dominated([of(1, -math.inf)]) == []

    def test_it_is_what_no_other_dominates(self) -> None:
        rng = np.random.default_rng(0)
        individuals = [of(int(rng.integers(1, 12)), round(float(rng.random()), 1)) for _ in range(60)]

        def dominated(each: Individual) -> bool:
            return any(
                len(other.tree) <= len(each.tree)
                and other.fitness >= each.fitness
                and (len(other.tree), other.fitness) != (len(each.tree), each.fitness)
                for other in individuals
            )

        expected = {(len(each.tree), each.fitness) for each in individuals if not dominated(each)}
        found = non_dominated(individuals)
        assert [(len(each.tree), each.fitness) for each in found] == sorted(expected)


def winners(selection: Tournament | Pareto, individuals: Sequence[Individual]) -> set[int]:
    """Return the places of those who win a tournament that all individuals enter."""
    large = Tournament(200, selection.price) if isinstance(selection, Tournament) else Pareto(200)
    found = large.parents(individuals, 5, np.random.default_rng(0))
    return {individuals.index(each) for each in found}


class TestTournament:
    SMALL, LARGE = of(3, 0.50), of(11, 0.505)

    def test_without_a_price_the_fitter_wins(self) -> None:
        assert winners(Tournament(2), [self.SMALL, self.LARGE]) == {1}

    def test_with_a_price_the_smaller_of_two_that_are_nearly_equal_wins(self) -> None:
        assert winners(Tournament(2, price=0.001), [self.LARGE, self.SMALL]) == {1}
        assert winners(Tournament(2, price=0.0006), [self.LARGE, self.SMALL]) == {0}

    def test_of_equal_fitness_the_smaller_wins(self) -> None:
        assert winners(Tournament(2), [of(3, 0.5), of(2, 0.5)]) == {1}

    def test_the_undefined_lose(self) -> None:
        assert winners(Tournament(2, price=0.1), [of(1, -math.inf), of(20, -0.9)]) == {1}

    def test_children_replace_their_parents(self) -> None:
        asked: list[Tree] = []

        def judged(trees: Sequence[Tree]) -> list[Individual]:
            asked.extend(trees)
            return [Individual(tree, 0.0) for tree in trees]

        children = [of(1, 0).tree, of(2, 0).tree]
        found = Tournament(2).survivors([of(5, 0.9)], children, judged, np.random.default_rng(0))
        assert [each.tree for each in found] == asked == children


class Script:
    """A generator whose next draws of integers are written down."""

    def __init__(self, *draws: object) -> None:
        self.draws = list(draws)

    def integers(self, limit: int, size: object) -> np.ndarray:
        found = np.array(self.draws.pop(0))
        assert found.shape == (size if isinstance(size, tuple) else (size,))
        assert found.max() < limit
        return found


class TestMuPlusLambda:
    def test_parents_are_drawn_uniformly_whatever_their_fitness(self) -> None:
        individuals = [of(1, 0.9), of(2, -math.inf), of(3, 0.1)]
        found = MuPlusLambda(2, 4).parents(individuals, 3000, np.random.default_rng(0))
        counts = [sum(each is other for other in found) for each in individuals]
        assert sum(counts) == 3000
        assert min(counts) > 900

    def test_survivors_win_tournaments_of_parents_and_children_together(self) -> None:
        """Places 0 and 1 are the parents, 2 to 4 the children."""
        parents = [of(1, 0.5), of(2, 0.2)]
        fitness = {**{each.tree: each.fitness for each in parents}, of(3, 0).tree: 0.4, of(4, 0).tree: 0.3}
        children = [of(3, 0).tree, of(4, 0).tree]
        rng = Script([[1, 2], [0, 3], [1, 1]])

        def judged(trees: Sequence[Tree]) -> list[Individual]:
            return [Individual(tree, fitness[tree]) for tree in trees]

        found = MuPlusLambda(3, 2).survivors(parents, children, judged, rng)
        assert [(len(each.tree), each.fitness) for each in found] == [(3, 0.4), (1, 0.5), (2, 0.2)]

    def test_a_child_that_equals_a_parent_enters_once(self) -> None:
        parent = of(1, 0.5)
        asked: list[Tree] = []

        def judged(trees: Sequence[Tree]) -> list[Individual]:
            asked.extend(trees)
            return [Individual(tree, 0.5) for tree in trees]

        MuPlusLambda(1, 1).survivors([parent, parent], [parent.tree, of(2, 0).tree], judged, Script([[1]]))
        assert asked == [parent.tree, of(2, 0).tree]

    def test_the_undefined_die_out_first(self) -> None:
        trees = [of(1, 0).tree, of(2, 0).tree]
        fitness = {trees[0]: -math.inf, trees[1]: -0.9}
        found = MuPlusLambda(5, 200).survivors(
            [],
            trees,
            lambda trees: [Individual(tree, fitness[tree]) for tree in trees],
            np.random.default_rng(0),
        )
        assert {each.tree for each in found} == {trees[1]}


class TestPareto:
    #: Two fronts: 0, 2, 3 and 5; then 1 and 4, which are larger and no fitter than 0 and 3.
    INDIVIDUALS = (of(1, 0.1), of(2, 0.1), of(3, 0.4), of(5, 0.7), of(6, 0.7, "y"), of(9, 0.71))

    def survivors(self, fitness: dict[Tree, float], count: int, seed: int = 0) -> list[Individual]:
        trees = list(fitness)
        np.random.default_rng(seed).shuffle(trees)
        parents = [Individual(tree, math.nan) for tree in trees[count:]]
        return Pareto(2).survivors(
            parents,
            trees[:count],
            lambda trees: [Individual(tree, fitness[tree]) for tree in trees],
            np.random.default_rng(0),
        )

    @pytest.mark.parametrize("seed", range(5))
    def test_a_front_survives_before_the_next(self, seed: int) -> None:
        fitness = {each.tree: each.fitness for each in self.INDIVIDUALS}
        best = {each.tree for each in non_dominated(self.INDIVIDUALS)}
        assert len(best) == 4
        found = [each.tree for each in self.survivors(fitness, 3, seed)]
        assert set(found) <= best
        assert {each.tree for each in self.survivors(fitness, 4, seed)} == best
        assert {each.tree for each in self.survivors(fitness, 5, seed)} > best

    @pytest.mark.parametrize("seed", range(5))
    def test_the_ends_of_a_front_survive_and_then_what_is_least_crowded(self, seed: int) -> None:
        # The middle one has near neighbours; the one of size 7 has far ones.
        front = [of(1, 0.1), of(2, 0.11), of(3, 0.12), of(7, 0.6), of(12, 0.9)]
        fitness = {each.tree: each.fitness for each in front}
        found = {len(each.tree) for each in self.survivors(fitness, 3, seed)}
        assert found == {1, 7, 12}

    def test_parents_have_the_fitness_of_this_generation(self) -> None:
        parent, child = of(1, 0.9), of(2, 0.0)
        now = {parent.tree: 0.2, child.tree: 0.3}
        found = Pareto(2).survivors(
            [parent],
            [child.tree],
            lambda trees: [Individual(tree, now[tree]) for tree in trees],
            np.random.default_rng(0),
        )
        assert found in ([Individual(parent.tree, 0.2)], [Individual(child.tree, 0.3)])

    def test_of_equal_trees_one_survives(self) -> None:
        trees = [of(1, 0).tree, of(2, 0).tree, of(3, 0).tree]
        found = Pareto(2).survivors(
            [Individual(tree, 0.0) for tree in trees],
            [*trees],
            lambda trees: [Individual(tree, len(tree) / 10) for tree in trees],
            np.random.default_rng(0),
        )
        assert sorted(len(each.tree) for each in found) == [1, 2, 3]

    def test_one_of_a_better_front_wins_a_tournament(self) -> None:
        first, second = of(3, 0.4), of(4, 0.39)
        assert winners(Pareto(2), [second, first]) == {1}

    def test_within_a_front_the_less_crowded_wins(self) -> None:
        front = [of(1, 0.1), of(2, 0.11), of(3, 0.12), of(7, 0.6), of(12, 0.9)]
        entrants = Pareto(2).parents(front, 2000, np.random.default_rng(0))
        wins = [sum(each is other for other in entrants) for each in front]
        # The ends win against all others, and 7 against 2 and 3.
        assert min(wins[0], wins[4]) > wins[3] > max(wins[1], wins[2]) > 0

    def test_the_undefined_are_last(self) -> None:
        undefined = [of(1, -math.inf), of(1, -math.inf, "y")]
        assert winners(Pareto(2), [*undefined, of(30, -0.9)]) == {2}
        assert winners(Pareto(2), undefined) == {0}

"""The loop and the evaluation, with functions and values that no method of the package has."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zcrepro.evolve._engine import generations
from zcrepro.evolve._engine.evaluation import UNDEFINED, Evaluation, Fitness
from zcrepro.evolve._engine.generations import ELITE, Run, Search, run
from zcrepro.evolve._engine.selection import (
    Individual,
    MuPlusLambda,
    Pareto,
    Selection,
    Tournament,
    non_dominated,
)
from zcrepro.evolve._engine.tree import Names, Node, Primitives, Tree
from zcrepro.evolve._engine.variation import ramped_half_and_half
from zcrepro.ranking.correlation import Statistic, kendall, spearman
from zcrepro.ranking.with_one import KendallWith

PRIMITIVES = Primitives([Node("then", 2), Node("back", 1)], [Node(letter) for letter in "abcd"])


THREE = Tournament(3)


@dataclass(frozen=True)
class Options:
    generations: int = 6
    crossover: float = 0.7
    mutation: float = 0.4


class Letters:
    """Values of a formula: how often each letter stands in it weighs that letter's column."""

    def __init__(self, rows: int = 24) -> None:
        self.columns = np.random.default_rng(5).normal(size=(4, rows))
        self.accuracies = [self.columns[0, :12] - self.columns[1, :12], self.columns[2, 12:]]
        self.computed: list[Names] = []

    def __call__(self, formula: Names) -> np.ndarray:
        self.computed.append(formula)
        weights = [formula.count(letter) for letter in "abcd"]
        values = np.array(weights, np.float64) @ self.columns
        return -values if formula.count("back") % 2 else values


def small(limit: int) -> Callable[[Tree], bool]:
    return lambda tree: len(tree) <= limit


def searched(
    fitness: Fitness,
    rng: np.random.Generator,
    selection: Selection = THREE,
    size: int = 30,
    limit: int = 31,
    price: float = 0.0,
) -> Search:
    trees = ramped_half_and_half(PRIMITIVES, (1, 3), size, rng)
    first = [tree if len(tree) <= limit else tree.subtree(len(tree) - 1) for tree in trees]
    return Search(first, PRIMITIVES, fitness, selection, small(limit), price)


def evolved(options: Options = Options(), seed: int = 0, **changes: Any) -> tuple[Run, Letters]:
    letters, rng = Letters(), np.random.default_rng(seed)
    fitness = Fitness(Evaluation(letters, letters.accuracies, combine="minimum"))
    return run(searched(fitness, rng, **changes), options, rng), letters


def judged(formulas: Iterable[Names]) -> list[Individual]:
    """Return formulas with their fitness on all rows, the distinct ones in their order."""
    letters = Letters()
    evaluation = Evaluation(letters, letters.accuracies, combine="minimum")
    return [Individual(tree_of(names), evaluation.fitness(names)) for names in dict.fromkeys(formulas)]


def tree_of(names: Names) -> Tree:
    arity = {node.name: node.arity for node in (*PRIMITIVES.functions, *PRIMITIVES.terminals)}
    return Tree([Node(name, arity[name]) for name in names])


SELECTIONS = pytest.mark.parametrize(
    "selection", [THREE, Pareto(3), MuPlusLambda(12, 3)], ids=["tournament", "pareto", "mu + lambda"]
)


@SELECTIONS
def test_the_result_is_the_best_of_all_that_were_evaluated(selection: Selection) -> None:
    found, letters = evolved(selection=selection)
    everything = judged(letters.computed)
    assert found.best.fitness == max(each.fitness for each in everything)
    assert found.best in everything
    assert [line.generation for line in found.history] == list(range(7))
    best = [line.best for line in found.history]
    assert best == sorted(best)
    assert best[-1] == found.best.fitness


@SELECTIONS
def test_the_front_is_that_of_all_that_were_evaluated(selection: Selection) -> None:
    found, letters = evolved(selection=selection)
    expected = non_dominated(judged(letters.computed))
    assert [(len(each.tree), each.fitness) for each in found.front] == [
        (len(each.tree), each.fitness) for each in expected
    ]
    assert found.best is found.front[-1]
    assert len(found.front) > 1


@SELECTIONS
def test_the_generator_decides_the_run(selection: Selection) -> None:
    assert evolved(selection=selection)[0] == evolved(selection=selection)[0]
    assert evolved(seed=1, selection=selection)[0].history != evolved(selection=selection)[0].history


@SELECTIONS
@pytest.mark.parametrize("limit", [1, 5, 9])
def test_no_formula_is_larger_than_the_limit(limit: int, selection: Selection) -> None:
    _, letters = evolved(Options(crossover=1, mutation=1), selection=selection, limit=limit)
    assert limit - 1 <= max(map(len, letters.computed)) <= limit


class Recorder(Evaluation):
    """An evaluation that notes for which formulas it was asked."""

    def __init__(self, letters: Letters) -> None:
        super().__init__(letters, letters.accuracies, combine="minimum")
        self.asked: list[Names] = []

    def fitness(self, formula: Names) -> float:
        self.asked.append(formula)
        return super().fitness(formula)


def test_no_generation_holds_a_formula_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "ATTEMPTS", 100)
    recorder, rng = Recorder(Letters()), np.random.default_rng(0)
    # All parents are equal and nothing varies them, except the mutation that makes them differ.
    still = Options(crossover=0, mutation=0)
    run(searched(Fitness(recorder), rng, Tournament(200)), still, rng)
    batches = [recorder.asked[start : start + 30] for start in range(30, len(recorder.asked), 30)]
    assert len(batches) == still.generations
    assert all(len(set(formulas)) == 30 for formulas in batches)


def test_every_generation_begins_with_the_best_formula_so_far() -> None:
    recorder, rng = Recorder(Letters()), np.random.default_rng(0)
    found = run(searched(Fitness(recorder), rng), Options(), rng)
    for number, line in enumerate(found.history[:-1]):
        champion = recorder.asked[30 * (number + 1)]
        assert recorder.fitness(champion) == line.best
        assert len(champion) == line.best_size


def test_the_history_counts_formulas_that_are_computed_and_those_that_are_looked_up() -> None:
    recorder, rng = Recorder(Letters()), np.random.default_rng(0)
    found = run(searched(Fitness(recorder), rng), Options(), rng)
    for number, line in enumerate(found.history):
        asked = recorder.asked[: 30 * (number + 1)]
        assert line.evaluations == len(set(asked))
        assert line.evaluations + line.repeated_formulas == len(asked)
        fitness = [recorder.fitness(names) for names in asked[-30:]]
        assert line.mean == pytest.approx(np.mean([value for value in fitness if value > UNDEFINED]))


def test_as_many_children_as_trees_in_the_initial_population(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if fewer individuals survive."""
    monkeypatch.setattr(generations, "ATTEMPTS", 100)
    recorder, rng = Recorder(Letters()), np.random.default_rng(0)
    found = run(searched(Fitness(recorder), rng, MuPlusLambda(7, 2)), Options(), rng)
    # The initial population is judged first. Then each generation has 30 children; parents enter beside them,
    # at first the whole initial population, later the 7 that survived.
    judged = np.diff([line.evaluations + line.repeated_formulas for line in found.history])
    assert 30 <= judged[0] <= 60
    assert all(30 <= count <= 37 for count in judged[1:])


def test_a_population_of_which_no_formula_has_a_fitness_is_refused() -> None:
    rng = np.random.default_rng(0)
    nowhere = Fitness(Evaluation(lambda _: np.full(4, np.nan), [np.arange(4.0)]))
    with pytest.raises(ValueError, match="none of the 5 formulas of generation 0 orders"):
        run(searched(nowhere, rng, size=5), Options(), rng)


def test_a_price_makes_the_best_formula_smaller() -> None:
    free, _ = evolved()
    dear, letters = evolved(price=0.05, selection=Tournament(3, 0.05))
    assert len(dear.best.tree) < len(free.best.tree)
    assert dear.best.merit(0.05) == max(each.merit(0.05) for each in judged(letters.computed))
    merits = [line.best - 0.05 * line.best_size for line in dear.history]
    assert merits == sorted(merits)


class TestMinibatches:
    """Generations that are judged on some rows only."""

    ROWS = 16

    def run(self, selection: Selection = THREE, seed: int = 0) -> Run:
        letters, rng = Letters(), np.random.default_rng(seed)
        self.drawn: list[np.ndarray] = []
        self.of_all = Recorder(letters)

        def of_some(rng: np.random.Generator) -> Evaluation:
            rows = np.sort(rng.permutation(24)[: self.ROWS])
            self.drawn.append(rows)
            of = [
                accuracy[rows[(rows // 12) == part] % 12] for part, accuracy in enumerate(letters.accuracies)
            ]
            return Evaluation(lambda names: letters(names)[rows], of, combine="minimum")

        search = searched(Fitness(self.of_all, of_some), rng, selection)
        return run(search, Options(generations=12), rng)

    @SELECTIONS
    def test_the_best_is_judged_on_all_rows_and_never_falls(self, selection: Selection) -> None:
        found = self.run(selection)
        best = [line.best for line in found.history]
        assert best == sorted(best)
        assert judged([found.best.tree.names]) == [found.best] == [found.front[-1]]
        assert found.front == judged(each.tree.names for each in found.front)

    @SELECTIONS
    def test_every_generation_has_rows_of_its_own(self, selection: Selection) -> None:
        self.run(selection)
        assert len(self.drawn) == 13
        assert len({rows.tobytes() for rows in self.drawn}) == 13

    def test_as_many_as_the_elite_are_judged_on_all_rows_in_each_generation(self) -> None:
        found = self.run()
        assert len(self.of_all.asked) == 13 * ELITE
        assert found.front == non_dominated(judged(self.of_all.asked))

    def test_a_formula_is_judged_anew_in_every_generation(self) -> None:
        """Otherwise one that had easy rows once would stay on top."""
        letters = Letters()
        evaluations: list[Evaluation] = []

        def of_some(rng: np.random.Generator) -> Evaluation:
            rows = np.sort(rng.permutation(12)[:6])
            accuracies = [accuracy[rows] for accuracy in letters.accuracies]
            both = np.concatenate([rows, rows + 12])
            evaluations.append(Evaluation(lambda names: letters(names)[both], accuracies))
            return evaluations[-1]

        rng = np.random.default_rng(0)
        fitness = Fitness(Evaluation(letters, letters.accuracies), of_some)
        found = run(searched(fitness, rng, Pareto(2)), Options(), rng)
        assert found.history[-1].evaluations == sum(each.evaluations for each in evaluations)
        # There are 30 children, so that parents are among them.
        assert all(each.evaluations > 30 for each in evaluations[1:])


def test_the_engine_knows_no_method() -> None:
    sources = Path(generations.__file__).parent.glob("*.py")
    imported = {line for path in sources for line in path.read_text().splitlines() if "import" in line}
    others = [line for line in imported if "zcrepro." in line and "zcrepro.evolve._engine" not in line]
    assert sorted(line.split()[1] for line in others) == [
        "zcrepro.files.journal",
        "zcrepro.progress",
        "zcrepro.ranking.correlation",
        "zcrepro.ranking.with_one",
    ]


class TestEvaluation:
    @pytest.mark.parametrize(("correlation", "of"), [("kendall", kendall), ("spearman", spearman)])
    @pytest.mark.parametrize(
        ("combine", "together"),
        [
            ("mean", np.mean),
            ("minimum", np.min),
            ("smallest magnitude", lambda found: np.min(np.abs(found))),
        ],
    )
    def test_correlations_on_the_problems_are_combined(
        self, correlation: str, of: Statistic, combine: str, together: Callable[[list[float]], float]
    ) -> None:
        letters = Letters()
        found = Evaluation(letters, letters.accuracies, correlation, combine).fitness(("back", "a"))
        values = -letters.columns[0]
        expected = [of(values[:12], letters.accuracies[0]), of(values[12:], letters.accuracies[1])]
        assert expected[0] != expected[1]
        assert found == pytest.approx(together(expected), abs=1e-14)

    def test_formulas_are_evaluated_once(self) -> None:
        letters = Letters()
        evaluation = Evaluation(letters, letters.accuracies)
        formulas = [("a",), ("a",), ("then", "a", "a"), ("b",), ("a",)]
        found = [evaluation.fitness(formula) for formula in formulas]
        assert letters.computed == [("a",), ("then", "a", "a"), ("b",)]
        assert (evaluation.evaluations, evaluation.repeated_formulas) == (3, 2)
        assert found[0] == found[1] == found[2] == found[4] != found[3]

    def test_a_correlation_is_computed_once_for_each_ranking(self, monkeypatch: pytest.MonkeyPatch) -> None:
        computed: list[object] = []
        of = KendallWith.of
        monkeypatch.setattr(KendallWith, "of", lambda self, order: computed.append(order) or of(self, order))
        letters = Letters()
        evaluation = Evaluation(letters, letters.accuracies)
        # Twice a and three times a rank as a does; back turns the ranking round.
        for formula in (("a",), ("then", "a", "a"), ("then", "a", "then", "a", "a"), ("back", "a")):
            evaluation.fitness(formula)
        assert len(computed) == 2 * 2  # rankings, problems
        assert evaluation.fitness(("a",)) == -evaluation.fitness(("back", "a"))
        assert evaluation.evaluations == 4

    def test_formulas_that_an_interrupted_run_judged_are_not_computed_again(self) -> None:
        letters = Letters()
        evaluation = Evaluation(letters, letters.accuracies)
        evaluation.remember([Individual(Tree([Node("a")]), 0.125)])
        assert evaluation.fitness(("a",)) == 0.125
        assert (letters.computed, evaluation.evaluations, evaluation.repeated_formulas) == ([], 0, 1)

    @pytest.mark.parametrize("combine", ["mean", "minimum"])
    @pytest.mark.parametrize("undefined", [[1, 2, math.nan, 3, 4, 5], [1, 2, 3, 7, 7, 7]])
    def test_no_value_or_no_order_on_one_problem_is_undefined(
        self, undefined: list[float], combine: str
    ) -> None:
        accuracies = [np.arange(3.0), np.arange(3.0)]
        evaluation = Evaluation(lambda _: np.array(undefined), accuracies, combine=combine)
        assert evaluation.fitness(("a",)) == UNDEFINED
        assert all(number > UNDEFINED for number in (-1.0, -1e308))

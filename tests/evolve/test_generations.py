"""The loop and the evaluation, with functions and values that no method of the package has."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from zcrepro.evolve._engine import generations
from zcrepro.evolve._engine.evaluation import UNDEFINED, Evaluation
from zcrepro.evolve._engine.generations import Run, run
from zcrepro.evolve._engine.tree import Names, Node, Primitives, Tree
from zcrepro.evolve._engine.variation import ramped_half_and_half
from zcrepro.ranking.correlation import kendall

PRIMITIVES = Primitives([Node("then", 2), Node("back", 1)], [Node(letter) for letter in "abcd"])


@dataclass(frozen=True)
class Options:
    generations: int = 6
    crossover: float = 0.7
    mutation: float = 0.4
    tournament: int = 3
    max_height: int = 4


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


def least(taus: Sequence[float]) -> float:
    """The worst of the magnitudes, as a method might have it that turns formulas round."""
    return min(map(abs, taus))


def evolved(
    options: Options = Options(), seed: int = 0, size: int = 30, first: int = 3
) -> tuple[Run, Letters]:
    letters, rng = Letters(), np.random.default_rng(seed)
    trees = ramped_half_and_half(PRIMITIVES, (1, first), size, rng)
    return run(trees, PRIMITIVES, Evaluation(letters, letters.accuracies, least), options, rng), letters


def test_the_result_is_the_best_of_all_that_were_evaluated() -> None:
    found, letters = evolved()
    evaluation = Evaluation(Letters(), letters.accuracies, least)
    assert found.best.fitness == max(evaluation.fitness(formula) for formula in letters.computed)
    assert found.best.fitness == evaluation.fitness(found.best.tree.names)
    assert [line.generation for line in found.history] == list(range(7))
    best = [line.best for line in found.history]
    assert best == sorted(best)
    assert best[-1] == found.best.fitness


def test_the_generator_decides_the_run() -> None:
    assert evolved()[0] == evolved()[0]
    assert evolved(seed=1)[0].history != evolved()[0].history


@pytest.mark.parametrize("limit", [3, 4, 6])
def test_no_formula_exceeds_the_height_limit(limit: int) -> None:
    _, letters = evolved(Options(max_height=limit, crossover=1, mutation=1))
    arity = {node.name: node.arity for node in (*PRIMITIVES.functions, *PRIMITIVES.terminals)}
    heights = [Tree([Node(name, arity[name]) for name in formula]).height for formula in letters.computed]
    assert max(heights) == limit


def test_no_generation_holds_a_formula_twice() -> None:
    letters, rng = Letters(), np.random.default_rng(0)
    asked: list[Names] = []

    class Recorder(Evaluation):
        def fitness(self, formula: Names) -> float:
            asked.append(formula)
            return super().fitness(formula)

    evaluation = Recorder(letters, letters.accuracies, least)
    # All parents are equal and nothing varies them, except the mutation that makes them differ.
    still = Options(crossover=0, mutation=0, tournament=200)
    run(ramped_half_and_half(PRIMITIVES, (1, 3), 30, rng), PRIMITIVES, evaluation, still, rng)
    batches = [asked[start : start + 29] for start in range(30, len(asked), 29)]
    assert len(batches) == still.generations
    assert all(len(set(formulas)) == 29 for formulas in batches)


def test_a_population_of_which_no_formula_has_a_fitness_is_refused() -> None:
    rng = np.random.default_rng(0)
    trees = ramped_half_and_half(PRIMITIVES, (1, 2), 5, rng)
    nowhere = Evaluation(lambda _: np.full(4, np.nan), [np.arange(4.0)], least)
    with pytest.raises(ValueError, match="none of the 5 formulas of generation 0 orders"):
        run(trees, PRIMITIVES, nowhere, Options(), rng)


def test_the_engine_knows_no_method() -> None:
    sources = Path(generations.__file__).parent.glob("*.py")
    imported = {line for path in sources for line in path.read_text().splitlines() if "import" in line}
    others = [line for line in imported if "zcrepro." in line and "zcrepro.evolve._engine" not in line]
    assert sorted(line.split()[1] for line in others) == [
        "zcrepro.files.journal",
        "zcrepro.progress",
        "zcrepro.ranking.with_one",
    ]


class TestEvaluation:
    def test_taus_of_the_problems_are_combined(self) -> None:
        letters = Letters()
        seen: list[list[float]] = []

        def combine(taus: Sequence[float]) -> float:
            seen.append(list(taus))
            return 0.25

        assert Evaluation(letters, letters.accuracies, combine).fitness(("a",)) == 0.25
        values = letters.columns[0]
        expected = [kendall(values[:12], letters.accuracies[0]), kendall(values[12:], letters.accuracies[1])]
        assert seen == [pytest.approx(expected)]

    def test_formulas_are_evaluated_once(self) -> None:
        letters = Letters()
        evaluation = Evaluation(letters, letters.accuracies, lambda _: 0.5)
        for formula in (("a",), ("a",), ("then", "a", "a"), ("b",), ("a",)):
            assert evaluation.fitness(formula) == 0.5
        assert letters.computed == [("a",), ("then", "a", "a"), ("b",)]
        assert (evaluation.evaluations, evaluation.repeated_formulas) == (3, 2)

    @pytest.mark.parametrize("undefined", [[1, 2, math.nan, 3, 4, 5], [1, 2, 3, 7, 7, 7]])
    def test_no_value_or_no_order_on_one_problem_is_undefined(self, undefined: list[float]) -> None:
        accuracies = [np.arange(3.0), np.arange(3.0)]
        evaluation = Evaluation(lambda _: np.array(undefined), accuracies, lambda taus: sum(taus))
        assert evaluation.fitness(("a",)) == UNDEFINED
        assert all(number > UNDEFINED for number in (-1.0, -1e308))

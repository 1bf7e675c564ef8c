"""Symbolic regression finds a planted formula, and depends on data, options and generator alone."""

import dataclasses
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from zcrepro.evolve import srgp
from zcrepro.evolve.srgp import METHOD, Options, fitness
from zcrepro.evolve.stage import Evolution
from zcrepro.formulas.formula import Formula
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.ranking.correlation import Statistic, kendall, spearman

TERMINALS = ("p", "q", "r")
OPTIONS = Options(population=60, generations=8, crossover=0.8, max_size=15, minibatch=1.0)
MODES = {
    "tournament": OPTIONS,
    "price": dataclasses.replace(OPTIONS, price=0.003),
    "pareto": dataclasses.replace(OPTIONS, selection="pareto"),
    "minibatch": dataclasses.replace(OPTIONS, minibatch=0.5),
    "restarts": dataclasses.replace(OPTIONS, restarts=3, population=10, generations=2),
    "spearman": dataclasses.replace(OPTIONS, correlation="spearman", combine="minimum"),
}


def evolved(training: Sequence[Rows], options: Options = OPTIONS, seed: int = 3) -> Evolution:
    return METHOD.evolve(training, options, np.random.default_rng(seed), None)


def planted(name: str, formula: str, noise: float = 0.0, rows: int = 80) -> Rows:
    rng = np.random.default_rng([ord(letter) for letter in name])
    columns = {terminal: rng.normal(size=rows) for terminal in TERMINALS}
    accuracy = Formula.parse(formula).evaluate(columns) + noise * rng.normal(size=rows)
    arch = np.array([f"{number:03}" for number in range(rows)], object)
    return Rows(Problem("space", name), "validation", arch, arch, columns, accuracy, arch[:0])


NOISY = [planted("s/a", "mul(p, q)", noise=0.5), planted("s/b", "sub(p, r)", noise=0.5)]


def test_most_runs_recover_a_planted_ranking() -> None:
    options = dataclasses.replace(OPTIONS, population=100, generations=15)
    text = "max(mul(p, q), r)"
    training, unseen = planted("s/a", text), planted("s/unseen", text, rows=300)
    formulas = [evolved([training], options, seed).formula for seed in range(5)]
    taus = [kendall(formula.evaluate(unseen.columns), unseen.accuracy) for formula in formulas]
    assert np.median(taus) > 0.95


def test_turns_a_proxy_round() -> None:
    for functions in (("neg", "add"), ("sub", "add")):
        found = evolved([planted("s/a", "neg(r)")], dataclasses.replace(OPTIONS, functions=functions))
        assert found.fitness == 1
        # The smallest of all that have this order.
        assert found.formula.size == {"neg": 2, "sub": 5}[functions[0]]


def correlations(formula: Formula, problems: Sequence[Rows], statistic: Statistic) -> list[float]:
    return [statistic(formula.evaluate(rows.columns), rows.accuracy) for rows in problems]


@pytest.mark.parametrize("mode", MODES)
def test_fitness_is_that_of_the_final_formula_on_all_rows(mode: str) -> None:
    found = evolved(NOISY, MODES[mode])
    taus = correlations(found.formula, NOISY, spearman if mode == "spearman" else kendall)
    expected = min(taus) if mode == "spearman" else np.mean(taus)
    assert found.fitness == pytest.approx(expected, abs=1e-12)
    assert found.formula.size <= OPTIONS.max_size
    single = [np.mean([kendall(rows.columns[name], rows.accuracy) for rows in NOISY]) for name in TERMINALS]
    assert found.fitness > max(single)


@pytest.mark.parametrize("mode", MODES)
def test_no_formula_of_the_front_is_as_small_and_fitter(mode: str) -> None:
    found = evolved(NOISY, MODES[mode])
    sizes, values = zip(*((each.formula.size, each.fitness) for each in found.front), strict=True)
    assert list(sizes) == sorted(set(sizes))
    assert list(values) == sorted(set(values))
    statistic = spearman if mode == "spearman" else kendall
    for each in found.front:
        taus = correlations(each.formula, NOISY, statistic)
        combined = min(taus) if mode == "spearman" else np.mean(taus)
        assert each.fitness == pytest.approx(combined, abs=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_history(mode: str) -> None:
    options = MODES[mode]
    found = evolved(NOISY, options)
    lines = options.generations + 1
    assert [line.generation for line in found.history] == list(range(lines)) * options.restarts
    runs = [found.history[start : start + lines] for start in range(0, len(found.history), lines)]
    for history in runs:
        merits = [line.best - options.price * line.best_size for line in history]
        assert merits == sorted(merits)
    last = next(history[-1] for history in runs if history[-1].best == found.fitness)
    assert last.best_size >= found.formula.size
    if mode in ("tournament", "price", "spearman"):
        assert all(line.mean <= line.best + options.price * 15 for line in found.history)
        # The best formula is the first of each generation, with its fitness.
        needed = OPTIONS.population * (OPTIONS.generations + 1)
        assert last.evaluations + last.repeated_formulas == needed


def test_of_several_restarts_the_fittest_is_returned_with_its_front() -> None:
    options = MODES["restarts"]
    lines = options.generations + 1
    places = set()
    for seed in range(5):
        found = evolved(NOISY, options, seed)
        last = [line.best for line in found.history[lines - 1 :: lines]]
        assert len(set(last)) > 1
        assert found.fitness == max(last) == found.front[-1].fitness
        places.add(last.index(max(last)))
    assert len(places) > 1  # it is not always the first


def test_every_restart_has_random_numbers_of_its_own_and_the_first_is_a_single_run() -> None:
    options = MODES["restarts"]
    lines = options.generations + 1
    history = evolved(NOISY, options).history
    assert history[:lines] != history[lines : 2 * lines]
    assert evolved(NOISY, dataclasses.replace(options, restarts=1)).history == history[:lines]


def test_the_best_formula_stays_whatever_happens_to_the_others() -> None:
    for share in (1.0, 0.5):
        found = evolved(NOISY, dataclasses.replace(OPTIONS, tournament=1, mutation=1.0, minibatch=share))
        best = [line.best for line in found.history]
        assert best == sorted(best)


@pytest.mark.parametrize("mode", MODES)
def test_the_generator_decides_the_run(mode: str) -> None:
    found = evolved(NOISY, MODES[mode])
    assert evolved(NOISY, MODES[mode]) == found
    assert evolved(NOISY, MODES[mode], seed=4).history != found.history


def test_every_option_that_changes_the_search_changes_the_run() -> None:
    runs = [evolved(NOISY, options) for options in MODES.values()]
    assert len({str(found.history) for found in runs}) == len(MODES)


def test_a_price_makes_the_formula_smaller() -> None:
    size = {
        price: np.mean(
            [
                evolved(NOISY, dataclasses.replace(OPTIONS, price=price), seed).formula.size
                for seed in range(5)
            ]
        )
        for price in (0.0, 0.02)
    }
    assert size[0.02] < size[0.0]


def test_the_inputs_that_short_evolutions_use_are_those_that_matter() -> None:
    rng = np.random.default_rng(8)
    rows = planted("s/a", "add(p, q)", noise=0.3)
    noise = {f"noise_{number}": rng.normal(size=len(rows)) for number in range(6)}
    training = [dataclasses.replace(rows, columns=noise | dict(rows.columns))]
    few = dataclasses.replace(OPTIONS, most_important=2)
    for seed in range(3):
        found = evolved(training, few, seed)
        assert set(found.formula.terminals) == {"p", "q"}
        names = {name for each in found.front for name in each.formula.terminals}
        assert names <= {"p", "q"}


def test_scores_without_an_order_are_refused() -> None:
    for options in MODES.values():
        with pytest.raises(ValueError, match=rf"none of the {options.population} formulas of generation 0"):
            evolved([planted("s/a", "sub(p, p)")], options)


@pytest.mark.parametrize("limit", [1, 2, 3, 6])
@pytest.mark.parametrize("selection", ["tournament", "pareto"])
def test_the_size_limit_holds_for_every_size_of_limit(
    limit: int, selection: Literal["tournament", "pareto"]
) -> None:
    found = evolved(NOISY, dataclasses.replace(OPTIONS, max_size=limit, selection=selection))
    assert max(each.formula.size for each in found.front) <= limit


def test_formulas_are_made_of_the_functions_of_the_options_alone() -> None:
    found = evolved(NOISY, dataclasses.replace(OPTIONS, functions=("neg", "add")))
    used = {name for each in found.front for name in each.formula.functions}
    assert used == {"neg", "add"}


def test_a_formula_that_overflows_is_never_chosen() -> None:
    rows = planted("s/a", "mul(p, q)")
    huge = {name: 1e200 * values for name, values in rows.columns.items()}
    found = evolved([dataclasses.replace(rows, columns=huge)])
    assert np.isfinite(found.formula.evaluate(huge)).all()
    assert not math.isinf(found.fitness)


def test_undefined_on_one_architecture_is_undefined() -> None:
    rows = planted("s/a", "p")
    rows.columns["p"][np.argmax(rows.accuracy)] = 1e200
    evaluation = fitness([rows], OPTIONS).of_all
    assert evaluation.fitness(("p",)) == 1
    assert evaluation.fitness(("square", "p")) == -math.inf
    assert evaluation.fitness(("sub", "p", "p")) == -math.inf


class TestMinibatches:
    def test_all_rows_are_judged_unless_the_share_is_less_than_one(self) -> None:
        assert fitness(NOISY, OPTIONS).of_some is None
        assert fitness(NOISY, dataclasses.replace(OPTIONS, minibatch=0.99)).of_some is not None

    @pytest.mark.parametrize(("share", "number"), [(0.5, 40), (0.1, 8), (0.001, 2)])
    def test_a_generation_sees_a_share_of_the_rows_of_each_problem(self, share: float, number: int) -> None:
        rows = NOISY[0]
        drawn = [srgp._drawn(rows, share, np.random.default_rng(seed)) for seed in range(200)]
        assert {len(each) for each in drawn} == {number}
        assert {len(set(each.arch)) for each in drawn} == {number}
        assert set().union(*(each.arch for each in drawn)) == set(rows.arch)
        for each in drawn[:5]:
            places = [int(arch) for arch in each.arch]
            assert places == sorted(places)
            assert each.accuracy.tolist() == rows.accuracy[places].tolist()
            assert each.columns["q"].tolist() == rows.columns["q"][places].tolist()

    def test_fitness_in_a_generation_is_the_correlation_on_its_rows(self) -> None:
        options = dataclasses.replace(OPTIONS, minibatch=0.5)
        of_some = fitness(NOISY, options).of_some
        assert of_some is not None
        found = of_some(np.random.default_rng(1)).fitness(("mul", "p", "q"))
        rng = np.random.default_rng(1)
        drawn = [srgp._drawn(rows, 0.5, rng) for rows in NOISY]
        expected = correlations(Formula.parse("mul(p, q)"), drawn, kendall)
        assert found == pytest.approx(np.mean(expected), abs=1e-14)


@pytest.mark.parametrize("mode", ["tournament", "pareto", "minibatch"])
def test_equal_in_fresh_processes(mode: str) -> None:
    program = f"import test_srgp as t; print(t.evolved(t.NOISY, t.MODES[{mode!r}]))"
    paths = [str(Path(__file__).parent), *(path for path in sys.path if path)]
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "4242")
    ]
    assert runs[0] == runs[1] == f"{evolved(NOISY, MODES[mode])}\n"

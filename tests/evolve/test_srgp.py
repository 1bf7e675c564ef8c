"""Symbolic regression finds a planted formula, and depends on data, options and generator alone."""

import dataclasses
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from zcrepro.evolve.srgp import METHOD, Options, mean_tau
from zcrepro.evolve.stage import Evolution
from zcrepro.formulas.formula import Formula
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.ranking.correlation import kendall

TERMINALS = ("p", "q", "r")
OPTIONS = Options(population=60, generations=8, crossover=0.8, mutation=0.3, tournament=4, max_height=5)


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
    found = evolved([planted("s/a", "neg(r)")])
    assert found.fitness == 1
    assert str(found.formula) == "neg(r)"  # the smallest of all that have this order


def test_fitness_is_the_mean_tau_of_the_final_formula() -> None:
    found = evolved(NOISY)
    taus = [kendall(found.formula.evaluate(rows.columns), rows.accuracy) for rows in NOISY]
    assert found.fitness == pytest.approx(np.mean(taus), abs=1e-12)
    assert found.formula.depth <= OPTIONS.max_height
    single = [np.mean([kendall(rows.columns[name], rows.accuracy) for rows in NOISY]) for name in TERMINALS]
    assert found.fitness > max(single)


def test_history() -> None:
    found = evolved(NOISY)
    assert [line.generation for line in found.history] == list(range(OPTIONS.generations + 1))
    best = [line.best for line in found.history]
    assert best == sorted(best)
    assert best[-1] == found.fitness
    assert found.history[-1].best_size == found.formula.size
    assert all(line.mean <= line.best for line in found.history)
    last = found.history[-1]
    # The best formula is carried over with its fitness.
    needed = OPTIONS.population + OPTIONS.generations * (OPTIONS.population - 1)
    assert last.evaluations + last.repeated_formulas == needed


def test_the_best_formula_stays_whatever_happens_to_the_others() -> None:
    found = evolved(NOISY, dataclasses.replace(OPTIONS, tournament=1, mutation=1.0))
    best = [line.best for line in found.history]
    assert best == sorted(best)


def test_the_generator_decides_the_run() -> None:
    found = evolved(NOISY)
    assert evolved(NOISY) == found
    assert evolved(NOISY, seed=4).history != found.history


def test_scores_without_an_order_are_refused() -> None:
    with pytest.raises(ValueError, match="none of the 60 formulas of generation 0"):
        evolved([planted("s/a", "sub(p, p)")])


def test_the_height_limit_holds_for_every_size_of_limit() -> None:
    for limit in (0, 1, 2):
        found = evolved(NOISY, dataclasses.replace(OPTIONS, max_height=limit))
        assert found.formula.depth <= limit


def test_a_formula_that_overflows_is_never_chosen() -> None:
    rows = planted("s/a", "mul(p, q)")
    huge = {name: 1e200 * values for name, values in rows.columns.items()}
    found = evolved([dataclasses.replace(rows, columns=huge)])
    assert np.isfinite(found.formula.evaluate(huge)).all()
    assert not math.isinf(found.fitness)


def test_undefined_on_one_architecture_is_undefined() -> None:
    rows = planted("s/a", "p")
    rows.columns["p"][np.argmax(rows.accuracy)] = 1e200
    evaluation = mean_tau([rows])
    assert evaluation.fitness(("p",)) == 1
    assert evaluation.fitness(("square", "p")) == -math.inf
    assert evaluation.fitness(("sub", "p", "p")) == -math.inf


def test_equal_in_fresh_processes() -> None:
    program = "import test_srgp as t; print(t.evolved(t.NOISY))"
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
    assert runs[0] == runs[1] == f"{evolved(NOISY)}\n"

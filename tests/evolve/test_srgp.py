"""Symbolic regression: it finds a planted formula, and is a function of data and settings alone."""

import dataclasses
import math
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zcrepro.evolve.srgp import METHOD, Judge
from zcrepro.evolve.stage import EvolveSettings
from zcrepro.formulas.formula import Formula
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.ranking.correlation import kendall

CHOSEN = EvolveSettings(
    method="srgp",
    training_set="D",
    problems=["s/a", "s/b"],
    source="released",
    terminals=["p", "q", "r"],
    architectures=80,
    seed=3,
    repeat=0,
    population=60,
    generations=8,
    crossover=0.8,
    mutation=0.3,
    tournament=4,
    max_height=5,
    max_undefined_share=0.0,
)


def planted(name: str, formula: str, noise: float = 0.0, rows: int = 80) -> Rows:
    rng = np.random.default_rng([ord(letter) for letter in name])
    columns = {terminal: rng.normal(size=rows) for terminal in CHOSEN.terminals}
    accuracy = Formula.parse(formula).evaluate(columns) + noise * rng.normal(size=rows)
    arch = np.array([f"{number:03}" for number in range(rows)], object)
    return Rows(Problem("space", name), "validation", arch, arch, columns, accuracy, arch[:0])


NOISY = [planted("s/a", "mul(p, q)", noise=0.5), planted("s/b", "sub(p, r)", noise=0.5)]


def test_recovers_a_planted_ranking() -> None:
    chosen = dataclasses.replace(CHOSEN, population=100, generations=15, problems=["s/a"])
    formula = "max(mul(p, q), r)"
    found = METHOD.evolve([planted("s/a", formula)], chosen)
    assert found.fitness > 0.95
    unseen = planted("s/unseen", formula, rows=300)
    assert kendall(found.formula.evaluate(unseen.columns), unseen.accuracy) > 0.95


def test_turns_a_proxy_round() -> None:
    found = METHOD.evolve([planted("s/a", "neg(r)")], CHOSEN)
    assert found.fitness == 1
    assert str(found.formula) == "neg(r)"  # the smallest of all that have this order


def test_fitness_is_the_mean_tau_of_the_final_formula() -> None:
    found = METHOD.evolve(NOISY, CHOSEN)
    taus = [kendall(found.formula.evaluate(rows.columns), rows.accuracy) for rows in NOISY]
    assert found.fitness == pytest.approx(np.mean(taus), abs=1e-12)
    assert found.formula.depth <= CHOSEN.max_height
    single = [
        np.mean([kendall(rows.columns[name], rows.accuracy) for rows in NOISY]) for name in CHOSEN.terminals
    ]
    assert found.fitness > max(single)


def test_history() -> None:
    found = METHOD.evolve(NOISY, CHOSEN)
    assert [line.generation for line in found.history] == list(range(CHOSEN.generations + 1))
    best = [line.best for line in found.history]
    assert best == sorted(best)
    assert best[-1] == found.fitness
    assert found.history[-1].best_size == found.formula.size
    assert all(line.mean <= line.best for line in found.history)
    last = found.history[-1]
    assert 0 < last.repeated_rankings < last.evaluations
    # The tree that is carried over is not judged again.
    judged = CHOSEN.population + CHOSEN.generations * (CHOSEN.population - 1)
    assert last.evaluations + last.repeated_formulas <= judged + CHOSEN.generations


def test_the_best_formula_stays_whatever_happens_to_the_others() -> None:
    found = METHOD.evolve(NOISY, dataclasses.replace(CHOSEN, tournament=1, mutation=1.0))
    best = [line.best for line in found.history]
    assert best == sorted(best)


def test_another_seed_or_repeat_gives_another_run() -> None:
    found = METHOD.evolve(NOISY, CHOSEN)
    assert METHOD.evolve(NOISY, CHOSEN) == found
    for change in ({"seed": 4}, {"repeat": 1}):
        assert METHOD.evolve(NOISY, dataclasses.replace(CHOSEN, **change)).history != found.history  # type: ignore[arg-type]


def test_the_global_generator_is_left_as_found() -> None:
    random.seed(11)
    state = random.getstate()
    METHOD.evolve(NOISY, CHOSEN)
    assert random.getstate() == state
    with pytest.raises(ValueError, match="none of the 60 formulas of generation 0"):
        METHOD.evolve([planted("s/a", "sub(p, p)")], CHOSEN)
    assert random.getstate() == state


def test_the_height_limit_holds_for_every_size_of_limit() -> None:
    for limit in (0, 1, 2):
        found = METHOD.evolve(NOISY, dataclasses.replace(CHOSEN, max_height=limit))
        assert found.formula.depth <= limit


def test_a_formula_that_overflows_is_never_chosen() -> None:
    rows = planted("s/a", "mul(p, q)")
    huge = {name: 1e200 * values for name, values in rows.columns.items()}
    found = METHOD.evolve([dataclasses.replace(rows, columns=huge)], CHOSEN)
    assert np.isfinite(found.formula.evaluate(huge)).all()
    assert not math.isinf(found.fitness)


def test_undefined_on_one_architecture_is_undefined() -> None:
    rows = planted("s/a", "p")
    rows.columns["p"][np.argmax(rows.accuracy)] = 1e200
    judge = Judge([rows])
    assert judge.tau(("p",)) == 1
    assert judge.tau(("square", "p")) == -math.inf
    assert judge.tau(("sub", "p", "p")) == -math.inf


def test_equal_in_fresh_processes() -> None:
    program = "import test_srgp as t; found = t.METHOD.evolve(t.NOISY, t.CHOSEN); print(found)"
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
    assert runs[0] == runs[1] == f"{METHOD.evolve(NOISY, CHOSEN)}\n"

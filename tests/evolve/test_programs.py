"""The evolution of programs, on layers whose tensors are drawn by hand, in float64."""

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from zcrepro.evolve import programs
from zcrepro.evolve._engine.generations import Run, run
from zcrepro.evolve.programs import (
    INITIAL_HEIGHTS,
    Evolution,
    NetworkSet,
    Options,
    evolve,
    initial_population,
    score,
)
from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.programs.operators import OPERATORS
from zcrepro.programs.program import Program
from zcrepro.programs.terminals import TERMINALS
from zcrepro.ranking.correlation import kendall

OPTIONS = Options(population=20, mu=10, generations=4)
PLANTED = Program.parse("mean_abs(actgraddata)")


def layer(rng: np.random.Generator, scale: float) -> dict[str, Tensor]:
    """Return the tensors of a layer. The weights are (2, 3, 3, 3), and all others (1, 3, 4, 4).

    ``scale`` is that of the gradients.
    """

    def shape(name: str) -> tuple[int, ...]:
        return (2, 3, 3, 3) if name.startswith("wt") else (1, 3, 4, 4)

    tensors = {name: torch.from_numpy(rng.normal(size=shape(name))) for name in TERMINALS}
    return {name: tensor * scale if "grad" in name else tensor for name, tensor in tensors.items()}


def planted(sign: int = 1, sets: int = 3, networks: int = 8) -> list[NetworkSet]:
    """Return sets whose accuracies are the scores of PLANTED, or minus these."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(sets):
        layers = [[layer(rng, rng.uniform(0.5, 2)) for _ in range(2)] for _ in range(networks)]
        found.append(NetworkSet(layers, sign * np.array([score(PLANTED, of) for of in layers])))
    return found


def evolved(sets: list[NetworkSet], options: Options = OPTIONS, seed: int = 0) -> Evolution:
    return evolve(sets, options, np.random.default_rng(seed))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_direction_is_the_sign_of_tau_and_the_fitness_its_smallest_magnitude(sign: int) -> None:
    sets = planted(sign)
    found = evolved(sets)
    for judged in (found.fittest, found.median):
        taus = [
            kendall(np.array([score(judged.program, of) for of in each.layers]), each.accuracy)
            for each in sets
        ]
        assert judged.taus == pytest.approx(taus, abs=1e-12)
        assert judged.fitness == min(map(abs, judged.taus))
        assert judged.direction == ("higher" if sum(taus) > 0 else "lower")
    assert found.fittest.fitness == max(each.fitness for each in found.front) == found.history[-1].best


def test_the_median_program_stands_in_the_middle_of_the_last_population(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    last: list[float] = []

    def noting(*args: Any) -> Run:
        found = run(*args)
        last.extend(each.fitness for each in found.population)
        return found

    monkeypatch.setattr(programs, "run", noting)
    found = evolved(planted()).median
    assert len(last) == OPTIONS.mu
    assert sum(fitness > found.fitness for fitness in last) < len(last) / 2
    assert sum(fitness < found.fitness for fitness in last) <= len(last) / 2


def test_accuracies_that_are_turned_round_turn_the_direction_and_nothing_else() -> None:
    one, other = evolved(planted(1)), evolved(planted(-1))
    assert one.history == other.history
    assert (one.fittest.program, one.fittest.fitness) == (other.fittest.program, other.fittest.fitness)
    assert {one.fittest.direction, other.fittest.direction} == {"higher", "lower"}


def test_the_generator_decides_the_run() -> None:
    sets = planted()
    assert evolved(sets) == evolved(sets)
    assert evolved(sets, seed=1).history != evolved(sets).history


def test_evolution_finds_a_planted_order() -> None:
    found = evolved(planted(), replace(OPTIONS, generations=15))
    assert found.fittest.fitness > 0.6
    assert found.fittest.fitness > found.history[0].best


def test_no_program_is_higher_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    depths: list[int] = []

    def noting(names: tuple[str, ...]) -> Program:
        depths.append(Program(names).depth)
        return Program(names)

    monkeypatch.setattr(programs, "Program", noting)
    evolved(planted(), replace(OPTIONS, max_height=4, crossover=1, mutation=1))
    assert max(depths) == 4


class TestScore:
    def test_it_is_the_mean_over_the_layers(self) -> None:
        layers = [{"wt": torch.full((2, 2), value)} for value in (1.0, 2.0, 6.0)]
        assert score(Program.parse("wt"), layers) == 3

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("det(wt)", "square"),
            ("log(reciprocal(wt))", "gives inf"),
            ("add(reciprocal(wt), reciprocal(actdata))", "gives nan"),
        ],
    )
    def test_it_ends_at_the_first_layer_without_a_finite_value(self, text: str, reason: str) -> None:
        class Untouched(Mapping[str, Tensor]):
            def __getitem__(self, name: str) -> Tensor:
                raise AssertionError(f"{name} was read")

            def __iter__(self) -> Iterator[str]:
                return iter(TERMINALS)

            def __len__(self) -> int:
                return len(TERMINALS)

        zeros = {"wt": torch.zeros(2, 3), "actdata": -torch.zeros(2, 3)}
        with pytest.raises(UndefinedScoreError, match=reason):
            score(Program.parse(text), [zeros, Untouched()])


class TestInitialPopulation:
    def test_programs_are_different_and_valid_on_two_networks_of_two_sets(self) -> None:
        sets = planted()
        found = initial_population(sets, OPTIONS, np.random.default_rng(0))
        assert len(set(found)) == len(found) == OPTIONS.population
        heights = {tree.height for tree in found}
        assert INITIAL_HEIGHTS[0] <= min(heights) < max(heights) <= INITIAL_HEIGHTS[1]
        for tree in found:
            values = [score(Program(tree.names), of) for each in sets[:2] for of in each.layers[:2]]
            assert all(map(math.isfinite, values))
            assert len(set(values)) > 1

    def test_networks_that_no_program_tells_apart_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(programs, "ATTEMPTS", 2)
        same = layer(np.random.default_rng(0), 1)
        sets = [NetworkSet([[same], [same]], np.arange(2.0))] * 2
        with pytest.raises(ValueError, match="only 0 of 40 random programs have different finite values"):
            initial_population(sets, OPTIONS, np.random.default_rng(0))


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0])
def test_what_no_operator_can_compute_leaves_the_process_alive(value: float) -> None:
    """The eigenvalues of a matrix with NaN end the process if torch is asked for them."""
    sets = planted()
    for each in sets:
        for tensors in each.layers[0]:
            for name in ("actdata", "wtgraddata", "inpactgradnoise"):
                tensors[name].fill_(value)
    bad = sets[0].layers[0]
    for operator in OPERATORS.values():
        for name in ("actdata", "wtgraddata"):
            program = Program((operator.name, *[name] * operator.arity))
            with suppress(UndefinedScoreError):
                assert math.isfinite(score(program, bad))
    assert evolved(sets).fittest.fitness > 0


def test_a_program_that_is_undefined_on_one_network_is_not_chosen() -> None:
    """One of the last set, where the random programs of the initial population are not tried."""
    sets = planted()
    for name in TERMINALS:
        if "grad" in name:
            sets[2].layers[7][1][name].fill_(math.nan)
    found = evolved(sets)
    for each in (found.fittest.program, *(of.program for of in found.front)):
        assert math.isfinite(score(each, sets[2].layers[7]))

"""Search by a proxy alone."""

import math

import numpy as np
import pytest

import zcrepro
from zcrepro import registry
from zcrepro.searching.training_free import EVOLUTION, SAMPLING, algorithm, dominates, training_free, winner

SPACE = zcrepro.get_space("embedded_chain")


def convolutions(arch):
    return (math.nan if "identity" in arch else float(arch.count("conv_3x3")),)


def run(seed=0, evaluations=300):
    return training_free(SPACE, convolutions, evaluations, 20, 6, np.random.default_rng(seed))


def test_the_best_architecture_is_found():
    found = run()
    assert max(found, key=found.__getitem__) == ("conv_3x3",) * 6


def test_equal_graphs_are_scored_once():
    found = run()
    assert len({SPACE.canonical(arch) for arch in found}) == len(found) <= 300


def test_an_undefined_score_is_below_every_other():
    assert all(value == (-math.inf,) for arch, value in run().items() if "identity" in arch)


def test_a_search_is_a_function_of_its_generator():
    assert run(1) == run(1) != run(2)


def test_the_winner_of_a_tournament_is_dominated_by_nobody():
    assert winner([("a", (1.0, 1.0)), ("b", (2.0, 1.0)), ("c", (1.0, 2.0))]) == "b"
    assert winner([("a", (1.0,)), ("b", (1.0,))]) == "a"
    assert dominates((1.0, 2.0), (1.0, 1.0))
    assert not dominates((1.0, 2.0), (2.0, 1.0))
    assert not dominates((1.0,), (1.0,))


def test_a_mutation_that_is_not_allowed_is_replaced_by_a_random_architecture_that_is():
    def few(arch):
        return arch.count("conv_3x3") <= 2

    found = training_free(SPACE, convolutions, 200, 20, 6, np.random.default_rng(0), allowed=few)
    assert max(arch.count("conv_3x3") for arch in found) == 2


@pytest.mark.parametrize("name", registry.names("space"))
def test_every_space_is_searched_by_evolution_or_else_by_sampling(name):
    space = registry.get("space", name)

    def length(arch):
        return (float(len(space.text(arch))),)

    found = training_free(space, length, 8, 3, 2, np.random.default_rng(0))
    assert 1 <= len(found) <= 8
    assert algorithm(space) == (SAMPLING if name == "nasbenchnlp" else EVOLUTION)


def test_without_edits_the_architectures_are_the_samples_of_the_generator():
    space = registry.get("space", "nasbenchnlp")
    rng = np.random.default_rng(5)
    drawn = dict.fromkeys(space.canonical(space.sample(rng)) for _ in range(12))
    found = training_free(space, lambda _: (0.0,), 12, 2, 2, np.random.default_rng(5))
    assert [space.canonical(arch) for arch in found] == list(drawn)

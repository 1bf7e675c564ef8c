"""The public search by a proxy."""

import math

import pandas as pd
import pytest
import torch

import zcrepro
from zcrepro.images.noise import random_batch

SPACE = zcrepro.get_space("embedded_chain")


def search(proxy="params", **options):
    return zcrepro.search("embedded_chain", proxy, batch_size=2, **options)


def test_one_row_per_graph_best_first():
    found = search(evaluations=60)
    assert list(found.columns) == ["arch", "score", "status"]
    assert found["score"].is_monotonic_decreasing
    graphs = [SPACE.canonical(SPACE.parse(text)) for text in found["arch"]]
    assert len(set(graphs)) == len(graphs)


def test_a_row_holds_the_score_of_its_network_on_the_one_batch():
    found = search("snip", task="turned_digits", evaluations=6, seed=3)
    shape = SPACE.task_shape("turned_digits")
    batch = random_batch(2, shape.input, shape.classes, 3)
    for arch, score, status in found.itertuples(index=False):
        expected = zcrepro.score(SPACE.network(SPACE.parse(arch), "turned_digits", 3), *batch, ["snip"], 3)
        assert (score, status) == (expected["snip"], expected.status["snip"])


def test_the_smallest_score_is_first_if_lower_is_better():
    lower = next(name for name, proxy in zcrepro.list_proxies().items() if proxy.direction == "lower")
    scores = search(lower, evaluations=8)["score"].dropna()
    assert len(scores) > 1
    assert scores.is_monotonic_increasing


def test_undefined_scores_are_last_and_say_why():
    found = zcrepro.search("embedded_chain", "jacov", batch_size=1, evaluations=4)
    assert all(map(math.isnan, found["score"]))
    assert set(found["status"]) == {"a batch of one has nothing to correlate"}


def test_a_search_is_a_function_of_its_seed_and_changes_no_global_generator():
    before = torch.get_rng_state()
    first, again, other = (search("snip", evaluations=6, seed=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_first_task_is_the_default():
    pd.testing.assert_frame_equal(search("snip", evaluations=4), search("snip", task="digits", evaluations=4))


@pytest.mark.parametrize("option", ["evaluations", "pool", "tournament", "batch_size"])
def test_a_number_below_one_is_refused(option):
    with pytest.raises(ValueError, match=f"{option} must be at least 1, but is 0"):
        zcrepro.search("embedded_chain", "params", **{option: 0})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("embeded_chain",), "unknown space 'embeded_chain'; did you mean 'embedded_chain'"),
        (("embedded_chain", "synflw"), "unknown proxies 'synflw'; did you mean 'synflow'"),
        (("embedded_chain", "synflow", "x"), "has no task 'x'; it has"),
    ],
)
def test_an_unknown_name_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        zcrepro.search(*arguments)

"""A statistic of a whole population over several draws, of which only the first is complete."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from zcrepro.ranking.correlation import spearman
from zcrepro.report._inputs import Inputs
from zcrepro.report._whole import Whole, whole
from zcrepro.report.context import Context

LEVEL = 0.95


def context(resamples: int = 50) -> Context:
    return Context(Inputs([], []), seed=1, resamples=resamples, level=LEVEL)


def statistic(scores: np.ndarray, accuracy: np.ndarray) -> float:
    return spearman(scores[0], accuracy)


def drawn(rng: np.random.Generator, size: int, sampled: int, draws: int) -> tuple[Whole, np.ndarray]:
    """Return a population whose later draws are a sample, and the true statistic of each draw on all."""
    accuracy = rng.normal(size=size)
    common = accuracy + rng.normal(size=size)
    scores = common + 0.3 * rng.normal(size=(draws, 1, size))
    rows = rng.choice(size, sampled, replace=False)
    graphs = rows.astype(str).astype(object)
    made = Whole(scores[0], accuracy, scores[..., rows], accuracy[rows], graphs)
    return made, np.array([statistic(draw, accuracy) for draw in scores])


def test_of_a_sample_of_all_the_estimates_are_the_values_themselves() -> None:
    made, true = drawn(np.random.default_rng(0), 200, 200, 3)
    by_draw, _ = made.estimate(statistic, context(), "key")
    np.testing.assert_allclose(by_draw, true, atol=1e-12)


def test_the_first_draw_is_taken_from_all_architectures() -> None:
    made, true = drawn(np.random.default_rng(1), 500, 50, 3)
    by_draw, _ = made.estimate(statistic, context(), "key")
    assert by_draw[0] == pytest.approx(true[0], abs=1e-12)
    sampled = [statistic(draw, made.sampled_accuracy) for draw in made.draws]
    assert by_draw[2] - by_draw[0] == pytest.approx(sampled[2] - sampled[0], abs=1e-12)


def test_equal_draws_have_an_interval_of_no_width() -> None:
    made, true = drawn(np.random.default_rng(2), 300, 60, 1)
    equal = Whole(
        made.scores, made.accuracy, np.repeat(made.draws, 3, axis=0), made.sampled_accuracy, made.graphs
    )
    by_draw, interval = equal.estimate(statistic, context(), "key")
    assert by_draw == [pytest.approx(true[0])] * 3
    assert interval == (pytest.approx(true[0]), pytest.approx(true[0]))


def test_it_is_closer_and_its_interval_narrower_than_the_samples_and_covers_the_truth() -> None:
    rng = np.random.default_rng(3)
    closer = covered = narrower = 0
    repeats = 60
    for repeat in range(repeats):
        made, true = drawn(rng, 2000, 200, 3)
        by_draw, (low, high) = made.estimate(statistic, context(), "key", repeat)
        of_sample = [statistic(draw, made.sampled_accuracy) for draw in made.draws]
        closer += abs(np.mean(by_draw) - true.mean()) < abs(np.mean(of_sample) - true.mean())
        covered += low <= true.mean() <= high
        bootstrap = context().bootstrap(
            lambda scores, accuracy: float(np.mean([statistic(draw, accuracy) for draw in scores])),
            made.draws,
            made.sampled_accuracy,
            made.graphs,
            "key",
            repeat,
        )
        narrower += high - low < bootstrap[1] - bootstrap[0]
    assert closer > 0.75 * repeats
    assert covered > 0.9 * repeats
    assert narrower > 0.75 * repeats


@pytest.mark.parametrize(
    ("counts", "is_whole"),
    [((6, 3, 4), True), ((6, 6, 6), False), ((6,), False), ((5, 3, 3), False), ((6, 0, 0), False)],
)
def test_only_a_complete_first_draw_beside_partial_ones_is_a_whole(counts: Any, is_whole: bool) -> None:
    draws = []
    for count in counts:
        rows = pd.DataFrame({"arch": list("abcdef"), "graph": list("abcdef"), "accuracy": np.arange(6.0)})
        status = ["ok" if place < count else "not computed" for place in range(6)]
        draws.append(rows.assign(snip=np.arange(6.0), snip_status=status))
    made = whole(draws, ["snip"], 6)
    assert (made is not None) == is_whole
    if made is not None:
        assert made.scores.shape == (1, 6)
        assert made.draws.shape == (3, 1, 3)
        assert "a random sample of 3" in made.note

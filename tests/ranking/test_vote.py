"""The vote of proxies, against the authors' double loop."""

import math

import numpy as np
import pytest

from zcrepro.ranking import vote
from zcrepro.ranking.intervals import centred


def naive(scores: np.ndarray, accuracy: np.ndarray) -> float:
    """Vote pair by pair as the authors do: a difference above zero is a vote for, all else a vote against."""
    right = pairs = 0
    for i in range(len(accuracy)):
        for j in range(len(accuracy)):
            if accuracy[i] == accuracy[j]:
                continue
            votes = sum(row[i] > row[j] for row in scores)
            better = votes >= len(scores) / 2
            right += better == (accuracy[i] > accuracy[j])
            pairs += 1
    return right / pairs


@pytest.mark.parametrize("block", [1, 7, 256])
def test_it_is_the_authors_double_loop_whatever_the_block(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vote, "BLOCK", block)
    rng = np.random.default_rng(1)
    # Few different values, so that scores and accuracies tie often.
    scores, accuracy = rng.integers(6, size=(3, 40)).astype(float), rng.integers(9, size=40).astype(float)
    assert vote.pair_agreement(scores, accuracy) == naive(scores, accuracy)


def test_a_majority_of_two_outvotes_the_third() -> None:
    accuracy = np.arange(10.0)
    assert vote.pair_agreement(np.stack([accuracy, accuracy, -accuracy]), accuracy) == 1.0
    assert vote.pair_agreement(np.stack([accuracy, -accuracy, -accuracy]), accuracy) == 0.0


def test_a_pair_that_all_proxies_tie_on_counts_one_half() -> None:
    assert vote.pair_agreement(np.zeros((3, 2)), np.array([1.0, 2.0])) == 0.5


def test_it_is_undefined_where_all_accuracies_are_equal() -> None:
    assert math.isnan(vote.pair_agreement(np.ones((3, 4)), np.ones(4)))


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="without NaN"):
        vote.pair_agreement(np.full((3, 4), np.nan), np.arange(4.0))


def test_a_wrong_shape_is_named() -> None:
    with pytest.raises(ValueError, match=r"\(3, 5\) for 4 architectures"):
        vote.pair_agreement(np.ones((3, 5)), np.arange(4.0))


def test_the_interval_is_that_of_a_bootstrap_that_copies_rows() -> None:
    rng = np.random.default_rng(2)
    accuracy = rng.normal(size=30)
    scores = accuracy + rng.normal(size=(3, 30))
    groups = np.array([f"g{i // 2}" for i in range(30)], object)
    found = vote.pair_agreement_interval([scores], accuracy, groups, 20, np.random.default_rng(3), 0.9)

    draws = np.random.default_rng(3)
    values = []
    for _ in range(20):
        drawn = draws.integers(15, size=15)
        rows = np.concatenate([[2 * group, 2 * group + 1] for group in drawn])
        values.append(vote.pair_agreement(scores[:, rows], accuracy[rows]))
    assert found == pytest.approx(centred(vote.pair_agreement(scores, accuracy), values, 0.9))


def test_the_interval_of_several_draws_is_that_of_their_mean() -> None:
    rng = np.random.default_rng(2)
    accuracy = rng.normal(size=20)
    draws = [accuracy + rng.normal(size=(3, 20)) for _ in range(2)]
    groups = np.arange(20)
    found = vote.pair_agreement_interval(draws, accuracy, groups, 30, np.random.default_rng(3), 0.8)

    drawn = np.random.default_rng(3)
    resamples = [drawn.integers(20, size=20) for _ in range(30)]
    values = [
        np.mean([vote.pair_agreement(draw[:, rows], accuracy[rows]) for draw in draws]) for rows in resamples
    ]
    estimate = np.mean([vote.pair_agreement(draw, accuracy) for draw in draws])
    assert found == pytest.approx(centred(estimate, values, 0.8))


def test_the_interval_is_undefined_where_the_statistic_is() -> None:
    groups = np.array(list("abcd"), object)
    low, high = vote.pair_agreement_interval(
        [np.ones((3, 4))], np.ones(4), groups, 5, np.random.default_rng(0), 0.9
    )
    assert math.isnan(low)
    assert math.isnan(high)


def test_the_rank_sum_weighs_proxies_of_any_scale_alike() -> None:
    scores = np.array([[1.0, 2.0, 3.0], [1e9, 3e9, 2e9], [0.1, 0.1, 0.2]])
    assert vote.rank_sum(scores).tolist() == [3.5, 6.5, 8.0]

"""Rank correlations against hand-computed values and scipy, and the bootstrap over graphs."""

import math

import numpy as np
import pytest
from scipy import stats

from zcrepro.ranking import correlation
from zcrepro.ranking.correlation import dense_ranks, kendall, spearman


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_by_hand() -> None:
    x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])
    assert kendall(x, y) == pytest.approx(4 / 6)  # 5 pairs agree, 1 does not
    assert spearman(x, y) == pytest.approx(1 - 6 * 2 / (4 * 15))


def test_ties_by_hand() -> None:
    x, y = np.array([1.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0, 0.0])
    # Of 6 pairs one is tied in x and one in y; of the other four, 1 agrees and 3 do not.
    assert kendall(x, y) == pytest.approx(-2 / 5)
    # Mid-ranks less their mean: (-1, -1, .5, 1.5) and (-.5, 1, 1, -1.5).
    assert spearman(x, y) == pytest.approx(-2.25 / 4.5)


@pytest.mark.parametrize("n", [2, 3, 10, 200])
@pytest.mark.parametrize("levels", [3, 10**6])
def test_equals_scipy(n: int, levels: int, rng: np.random.Generator) -> None:
    x, y = rng.integers(levels, size=(2, n)).astype(float)
    x[:2], y[:2] = (0, 1), (1, 0)
    assert kendall(x, y) == pytest.approx(stats.kendalltau(x, y).statistic)
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)


@pytest.mark.parametrize("x", [[], [1.0], [2.0, 2.0, 2.0], [1.0, math.nan, 2.0]])
@pytest.mark.parametrize("statistic", [kendall, spearman])
def test_no_order_is_nan_without_a_warning(statistic: correlation.Statistic, x: list[float]) -> None:
    y = np.arange(len(x), dtype=float)
    assert math.isnan(statistic(np.array(x), y))
    assert math.isnan(statistic(y, np.array(x)))


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match=r"\(3,\) and \(2,\)"):
        kendall(np.arange(3.0), np.arange(2.0))


def test_dense_ranks() -> None:
    assert dense_ranks(np.array([3.0, -1.0, 3.0, 7.0])).tolist() == [1, 0, 1, 2]
    assert dense_ranks(np.array([])).tolist() == []

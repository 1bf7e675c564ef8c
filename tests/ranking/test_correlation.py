"""Rank correlations against hand-computed values and scipy, and the bootstrap over graphs."""

import math

import numpy as np
import pytest
from scipy import stats

from zcrepro.ranking import correlation
from zcrepro.ranking.correlation import KendallWith, dense_ranks, interval, kendall, mean_over_draws, spearman


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
    assert KendallWith(y)(dense_ranks(x)) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-15)


def test_above_the_limit_of_pairs(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    x, y = rng.integers(20, size=(2, 100)).astype(float)
    by_pairs = KendallWith(y)(dense_ranks(x))
    monkeypatch.setattr(correlation, "PAIRS_UP_TO", 50)
    assert KendallWith(y)(dense_ranks(x)) == pytest.approx(by_pairs, abs=1e-15)


@pytest.mark.parametrize("x", [[], [1.0], [2.0, 2.0, 2.0], [1.0, math.nan, 2.0]])
@pytest.mark.parametrize("statistic", [kendall, spearman])
def test_no_order_is_nan_without_a_warning(statistic: correlation.Statistic, x: list[float]) -> None:
    y = np.arange(len(x), dtype=float)
    assert math.isnan(statistic(np.array(x), y))
    assert math.isnan(statistic(y, np.array(x)))


def test_constant_ranks_are_nan() -> None:
    assert math.isnan(KendallWith(np.arange(4.0))(np.zeros(4, int)))
    assert math.isnan(KendallWith(np.ones(4))(np.arange(4)))


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match=r"\(3,\) and \(2,\)"):
        kendall(np.arange(3.0), np.arange(2.0))
    with pytest.raises(ValueError, match="2 groups and 3 scores for 3 rows"):
        interval(kendall, np.arange(3.0), np.arange(3.0), np.arange(2), 10, np.random.default_rng())


def test_dense_ranks() -> None:
    assert dense_ranks(np.array([3.0, -1.0, 3.0, 7.0])).tolist() == [1, 0, 1, 2]
    assert dense_ranks(np.array([])).tolist() == []


def test_the_interval_of_several_draws_is_that_of_their_mean(rng: np.random.Generator) -> None:
    y = rng.normal(size=20)
    x = y + rng.normal(size=(3, 20))
    found = interval(mean_over_draws(kendall), x, y, np.arange(20), 30, np.random.default_rng(3), 0.8)

    drawn = np.random.default_rng(3)
    resamples = [drawn.integers(20, size=20) for _ in range(30)]
    values = [np.mean([kendall(draw[rows], y[rows]) for draw in x]) for rows in resamples]
    assert found == pytest.approx(tuple(np.quantile(values, [0.1, 0.9])))


def test_copies_of_graphs_do_not_narrow_the_interval(rng: np.random.Generator) -> None:
    x = rng.normal(size=60)
    y = x + rng.normal(size=60)
    groups = np.array([f"graph {i}" for i in range(60)], object)

    def bounds(copies: int, groups: np.ndarray) -> tuple[float, float]:
        rows = np.tile(x, copies), np.tile(y, copies)
        return interval(kendall, *rows, groups, 300, np.random.default_rng(1))

    once = bounds(1, groups)
    assert once[0] < kendall(x, y) < once[1]
    assert bounds(9, np.tile(groups, 9)) == pytest.approx(once)
    apart = bounds(9, np.arange(540))
    assert apart[1] - apart[0] < 0.5 * (once[1] - once[0])


def test_groups_are_drawn_whole(rng: np.random.Generator) -> None:
    x = np.arange(30.0)
    groups = np.array(["a", "b", "b", "c", "c", "c"] * 5)
    seen = []

    def remember(drawn: np.ndarray, _: np.ndarray) -> float:
        seen.append({group: int(np.isin(drawn, x[groups == group]).sum()) for group in "abc"})
        assert sum(seen[-1].values()) == len(drawn)
        return 0.0

    interval(remember, x, x, groups, 50, rng)
    assert all(count["a"] % 5 == count["b"] % 10 == count["c"] % 15 == 0 for count in seen)
    assert all(count["a"] / 5 + count["b"] / 10 + count["c"] / 15 == 3 for count in seen)


def test_the_interval_covers_at_its_level() -> None:
    # Kendall's tau of a bivariate normal is 2/pi arcsin(rho).
    rng, truth, hits = np.random.default_rng(0), 2 / math.pi * math.asin(0.6), 0
    for _ in range(60):
        x, z = rng.normal(size=(2, 80))
        low, high = interval(kendall, x, 0.6 * x + 0.8 * z, np.arange(80), 100, rng, level=0.8)
        hits += low < truth < high
    assert 0.65 * 60 <= hits <= 0.95 * 60


def test_an_undefined_interval_is_nan(rng: np.random.Generator) -> None:
    one_graph = interval(kendall, np.arange(3.0), np.arange(3.0), np.array(["g"] * 3), 20, rng)
    constant = interval(kendall, np.ones(3), np.arange(3.0), np.arange(3), 20, rng)
    assert np.isnan([*one_graph, *constant]).all()

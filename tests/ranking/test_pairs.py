"""Kendall's tau among some pairs, against all pairs that are alike, found one by one."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zcrepro.ranking.correlation import kendall
from zcrepro.ranking.pairs import Pairs, of_equal, within

Alike = Callable[[int, int], bool]


def by_definition(x: np.ndarray, y: np.ndarray, alike: Alike) -> tuple[float, int]:
    """Return tau-b over the pairs of rows that are alike, and their number."""
    pairs = [(i, j) for i in range(len(x)) for j in range(i) if alike(i, j)]
    of_x = np.array([np.sign(x[i] - x[j]) for i, j in pairs])
    of_y = np.array([np.sign(y[i] - y[j]) for i, j in pairs])
    untied = (of_x**2).sum() * (of_y**2).sum()
    return (float((of_x * of_y).sum() / math.sqrt(untied)) if untied else math.nan), len(pairs)


def check(pairs: Pairs, x: np.ndarray, y: np.ndarray, alike: Alike) -> None:
    tau, number = by_definition(x, y, alike)
    assert len(pairs) == number
    assert pairs.kendall(x, y) == pytest.approx(tau, abs=1e-14, nan_ok=True)


small = st.integers(0, 4).map(float)


@settings(deadline=None)  # numba may compile first
@given(st.lists(st.tuples(small, small, small, small), min_size=1, max_size=25))
def test_pairs_that_are_equal_in_every_column(rows: list[tuple[float, float, float, float]]) -> None:
    x, y, a, b = np.array(rows).T.copy()
    check(of_equal(a), x, y, lambda i, j: a[i] == a[j])
    check(of_equal(a, b), x, y, lambda i, j: bool(a[i] == a[j] and b[i] == b[j]))


@settings(deadline=None)  # numba may compile first
@given(st.lists(st.tuples(small, small, st.integers(1, 40).map(float)), min_size=1, max_size=25))
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_pairs_whose_sizes_differ_by_less_than_a_share(
    share: float, rows: list[tuple[float, float, float]]
) -> None:
    x, y, size = np.array(rows).T.copy()
    check(within(size, share), x, y, lambda i, j: max(size[i], size[j]) < min(size[i], size[j]) * (1 + share))


def test_a_share_is_of_the_smaller_one_and_itself_excluded() -> None:
    assert len(within(np.array([100.0, 150.0]), 0.5)) == 0
    assert len(within(np.array([150.0, 100.0]), 0.51)) == 1
    assert len(within(np.array([100.0, 149.9]), 0.5)) == 1
    assert len(within(np.array([7.0, 7.0, 7.0]), 0.1)) == 3


def test_all_pairs_give_the_tau_of_all_rows() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(9, size=(2, 200)).astype(np.float64)
    for pairs in (of_equal(np.zeros(200)), within(np.ones(200), 0.1)):
        assert len(pairs) == 200 * 199 // 2
        assert pairs.kendall(x, y) == pytest.approx(kendall(x, y), abs=1e-14)
        assert pairs.kendall(-x, y) == -pairs.kendall(x, y)


def test_a_proxy_that_is_the_size_knows_nothing_among_equal_sizes() -> None:
    rng = np.random.default_rng(0)
    size = rng.integers(1, 5, size=100).astype(np.float64)
    knows = rng.normal(size=100)
    accuracy = 10 * size + knows
    pairs = of_equal(size)
    assert kendall(size, accuracy) > 0.8
    assert math.isnan(pairs.kendall(size, accuracy))
    assert pairs.kendall(knows, accuracy) == 1


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 1, 1], [1, 2, 3]),
        ([1, 2, 3], [5, 5, 5]),
        ([1, math.nan, 3], [1, 2, 3]),
        ([1, 2, 3], [1, 2, math.nan]),
    ],
)
def test_without_an_order_there_is_no_tau(x: list[float], y: list[float]) -> None:
    assert math.isnan(of_equal(np.zeros(3)).kendall(np.array(x), np.array(y)))


def test_without_pairs_there_is_no_tau() -> None:
    for pairs in (of_equal(np.arange(4.0)), within(np.array([1.0, 2, 4, 8]), 0.1)):
        assert len(pairs) == 0
        assert math.isnan(pairs.kendall(np.arange(4.0), np.arange(4.0)))
    assert len(of_equal(np.zeros(0))) == len(within(np.zeros(0), 0.1)) == 0

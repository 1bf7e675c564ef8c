"""Many vectors with one: equal to scipy and to the definition, whatever is tied, close together or negative."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zcrepro.ranking import with_one
from zcrepro.ranking.correlation import spearman
from zcrepro.ranking.with_one import KendallWith, SpearmanWith


def by_definition(x: np.ndarray, y: np.ndarray) -> float:
    """Tau-b from all pairs, in the formula that divides by one square root."""
    above = [np.sign(v[:, np.newaxis] - v) for v in (x, y)]
    of_x, of_y = (sign[np.triu_indices(len(x), 1)].astype(int) for sign in above)
    return float((of_x * of_y).sum()) / math.sqrt(int((of_x**2).sum()) * int((of_y**2).sum()))


def vectors(rows: int, levels: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([rows, levels])
    x, y = rng.integers(levels, size=(2, rows)) - levels / 2
    x[:2], y[:2] = (0, 1), (1, 0)
    if kind == "logarithmic":
        return np.copysign(10 ** (np.abs(x) % 300), x), y
    if kind == "clustered":
        # Two groups of values that differ in their last bits only.
        return np.where(x > 0, 1e10, -1e10) + x * 2.0**-19, y
    return x, y


# 64 rows fill a word, 1024 a group of words, and 16384 a group of groups.
ROWS = [2, 3, 63, 64, 65, 400, 1023, 1024, 1025]


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("levels", [2, 30, 10**9])
@pytest.mark.parametrize("kind", ["plain", "logarithmic", "clustered"])
def test_kendall_is_exact(rows: int, levels: int, kind: str) -> None:
    x, y = vectors(rows, levels, kind)
    assert KendallWith(y)(x) == by_definition(x, y)
    assert KendallWith(y)(x) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-15)


@pytest.mark.parametrize("rows", [16_383, 16_385, 40_000])
@pytest.mark.parametrize("levels", [2, 300, 10**9])
@pytest.mark.parametrize("kind", ["plain", "clustered"])
def test_kendall_of_many_rows_equals_scipy(rows: int, levels: int, kind: str) -> None:
    x, y = vectors(rows, levels, kind)
    assert KendallWith(y)(x) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-15)


@pytest.mark.parametrize("rows", [*ROWS, 40_000])
@pytest.mark.parametrize("levels", [2, 30, 10**9])
@pytest.mark.parametrize("kind", ["plain", "logarithmic", "clustered"])
def test_spearman_is_that_of_one_pair_of_vectors(rows: int, levels: int, kind: str) -> None:
    x, y = vectors(rows, levels, kind)
    assert SpearmanWith(y)(x) == spearman(x, y)
    assert SpearmanWith(y)(x) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


numbers = st.one_of(st.floats(allow_nan=False), st.sampled_from([0.0, -0.0, 5e-324, math.inf, -math.inf]))


@settings(deadline=None)  # numba may compile first
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=80))
def test_any_numbers(pairs: list[tuple[float, float]]) -> None:
    x, y = np.array(pairs).T.copy()
    if np.unique(x).size == 1 or np.unique(y).size == 1:
        assert math.isnan(KendallWith(y)(x))
        assert math.isnan(SpearmanWith(y)(x))
    else:
        # Of ranks, because a difference of two numbers may overflow, or be that of two infinities.
        ranks = [stats.rankdata(values, "dense") for values in (x, y)]
        assert KendallWith(y)(x) == by_definition(*ranks)
        assert SpearmanWith(y)(x) == spearman(*ranks)


def test_y_is_prepared_for_every_x() -> None:
    rng = np.random.default_rng(0)
    y = np.round(rng.normal(size=300), 1)
    kendall_with, spearman_with = KendallWith(y), SpearmanWith(y)
    for x in np.round(rng.normal(size=(20, 300)), 1):
        assert kendall_with(x) == by_definition(x, y)
        assert spearman_with(x) == spearman(x, y)


@pytest.mark.parametrize("x", [[], [1.0], [2.0, 2.0, 2.0], [1.0, math.nan, 2.0], [1.0, -math.nan, 2.0]])
@pytest.mark.parametrize("kind", [KendallWith, SpearmanWith])
def test_no_order_is_nan(kind: type[KendallWith] | type[SpearmanWith], x: list[float]) -> None:
    y = np.arange(len(x), dtype=float)
    assert math.isnan(kind(y)(np.array(x)))
    assert math.isnan(kind(np.array(x))(y))


@pytest.mark.parametrize("kind", [KendallWith, SpearmanWith])
def test_x_stays_as_it_is(kind: type[KendallWith] | type[SpearmanWith]) -> None:
    x = np.array([3.0, -0.0, 0.0, -2.0])
    x.flags.writeable = False
    before = x.tobytes()
    assert -1 <= kind(np.arange(4))(x) <= 1
    assert x.tobytes() == before
    assert kind(np.arange(4))(np.array([-2, -1, 0, 1])) == 1
    assert kind(np.arange(4))(np.array([-2, -1, 0, 1])[::-1]) == -1


def key(y: np.ndarray, x: np.ndarray) -> bytes | None:
    with_y = KendallWith(y)
    order = with_y.order(x)
    return None if order is None else with_y.ranking(order)


few = st.one_of(st.sampled_from([0.0, -0.0, 1.0, 1 + 2**-52, -1e300, math.inf, -math.inf]), st.floats(-2, 2))


@settings(deadline=None)  # numba may compile first
@given(st.lists(st.tuples(few, few, few), min_size=1, max_size=12))
def test_keys_of_rankings_are_equal_if_and_only_if_mid_ranks_are(
    rows: list[tuple[float, float, float]],
) -> None:
    y, one, other = np.array(rows).T.copy()
    equal = np.array_equal(stats.rankdata(one), stats.rankdata(other))
    assert (key(y, one) == key(y, other)) == equal


@settings(deadline=None)  # numba may compile first
@given(st.lists(few, min_size=1, max_size=30), st.integers(0, 2**32 - 1))
def test_a_monotone_transform_has_the_same_key(values: list[float], seed: int) -> None:
    x = np.array(values)
    y = np.random.default_rng(seed).integers(3, size=len(x)).astype(np.float64)
    ranks = stats.rankdata(x)
    assert key(y, x) == key(y, ranks) == key(y, 3 * ranks - 40) == key(y, np.exp(ranks))
    assert (key(y, x) == key(y, -ranks)) == (len(set(ranks)) == 1)


@pytest.mark.parametrize("kind", ["plain", "logarithmic", "clustered"])
def test_keys_of_many_rows(kind: str) -> None:
    """Swapping two rows or breaking one tie makes another key."""
    x, y = vectors(1025, 30, kind)
    first = key(y, x)
    assert key(y, stats.rankdata(x)) == first
    swapped, broken = x.copy(), x.copy()
    swapped[[0, 1]] = x[[1, 0]]
    broken[0] = np.nextafter(x[0], math.inf)
    assert x[0] != x[1]
    assert len({first, key(y, swapped), key(y, broken)}) == 3


def test_no_order_has_no_key() -> None:
    y = np.arange(3.0)
    assert key(y, np.array([1.0, math.nan, 2.0])) is None
    assert key(np.array([1.0, math.nan, 2.0]), y) is None


@pytest.mark.parametrize("kind", [KendallWith, SpearmanWith])
def test_the_correlation_of_an_order_is_that_of_its_vector(
    kind: type[KendallWith] | type[SpearmanWith],
) -> None:
    x, y = vectors(400, 30, "plain")
    with_y = kind(y)
    order = with_y.order(x)
    assert order is not None
    assert with_y.of(order) == with_y(x) == with_y.of(order)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="3 values for 4 rows"):
        KendallWith(np.arange(4.0))(np.arange(3.0))


def test_row_numbers_that_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(with_one, "MOST_BITS", 3)
    assert KendallWith(np.arange(8.0))(np.arange(8.0)) == 1
    with pytest.raises(ValueError, match="9 rows are more than 8"):
        KendallWith(np.arange(9.0))

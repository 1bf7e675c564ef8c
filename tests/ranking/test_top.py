"""The best rows by a score and by accuracy, against values computed by hand."""

import math
from itertools import permutations

import numpy as np
import pytest

from zcrepro.ranking.correlation import spearman
from zcrepro.ranking.top import membership, overlap, share_of, spearman_of_best


@pytest.mark.parametrize(("rows", "share", "expected"), [(200, 0.1, 20), (292, 0.1, 29), (3, 0.1, 1)])
def test_a_share_of_the_rows_is_a_whole_number_of_them(rows: int, share: float, expected: int) -> None:
    assert share_of(rows, share) == expected


def test_without_ties_the_best_are_certain() -> None:
    assert membership(np.array([3.0, 1.0, 5.0, 4.0]), 2).tolist() == [0, 0, 1, 1]


def test_rows_that_tie_at_the_end_share_what_is_left() -> None:
    # Two places are left for the three rows with 2.
    assert membership(np.array([2.0, 9.0, 2.0, 1.0, 2.0]), 3).tolist() == pytest.approx(
        [2 / 3, 1, 2 / 3, 0, 2 / 3]
    )
    assert membership(np.zeros(4), 1).tolist() == [0.25] * 4
    assert membership(np.zeros(4), 4).tolist() == [1.0] * 4


def test_infinite_values_have_a_place() -> None:
    assert membership(np.array([-math.inf, 0.0, math.inf]), 2).tolist() == [0, 1, 1]


def test_the_overlap_is_the_share_of_the_best_by_x_that_are_among_the_best_by_y() -> None:
    x, y = np.array([9.0, 8.0, 7.0, 1.0, 2.0, 3.0]), np.array([5.0, 1.0, 6.0, 2.0, 4.0, 3.0])
    # The best three by x are rows 0, 1 and 2; the best two by y are 2 and 0, the best three also 4.
    assert overlap(x, y, 3, 2) == pytest.approx(2 / 3)
    assert overlap(x, y, 2, 3) == pytest.approx(1 / 2)
    assert overlap(y, y, 3, 3) == 1
    assert overlap(-y, y, 3, 3) == 0


def test_with_ties_it_is_the_mean_over_all_ways_to_break_them() -> None:
    x, y = np.array([1.0, 1.0, 0.0, 1.0]), np.array([2.0, 1.0, 1.0, 0.0])
    shares = []
    for order in map(np.array, permutations(range(4))):
        for other in map(np.array, permutations(range(4))):
            best_x = order[np.argsort(-x[order], kind="stable")[:2]]
            best_y = other[np.argsort(-y[other], kind="stable")[:2]]
            shares.append(len({*best_x} & {*best_y}) / 2)
    assert overlap(x, y, 2, 2) == pytest.approx(np.mean(shares), abs=1e-12)


def test_a_score_without_order_overlaps_as_much_as_chance() -> None:
    assert overlap(np.zeros(50), np.arange(50.0), 5, 5) == pytest.approx(0.1)


def test_the_correlation_among_the_best_is_that_of_the_rows_with_the_largest_y() -> None:
    x, y = np.array([0.0, 3.0, 2.0, 1.0, 9.0]), np.array([9.0, 6.0, 7.0, 8.0, 1.0])
    assert spearman_of_best(x, y, 4) == -1  # 9, 8, 7, 6 have 0, 1, 2, 3
    assert spearman_of_best(x, y, 5) == pytest.approx(spearman(x, y))


def test_rows_that_tie_with_the_last_of_the_best_are_among_them() -> None:
    x, y = np.array([4.0, 1.0, 2.0, 7.0]), np.array([3.0, 2.0, 2.0, 1.0])
    assert spearman_of_best(x, y, 2) == pytest.approx(spearman(x[:3], y[:3]))


def test_one_row_has_no_correlation() -> None:
    assert math.isnan(spearman_of_best(np.arange(3.0), np.arange(3.0), 1))


@pytest.mark.parametrize("count", [0, 4])
def test_more_rows_than_there_are_or_none_cannot_be_the_best(count: int) -> None:
    with pytest.raises(ValueError, match=f"the best {count} of 3 rows do not exist"):
        membership(np.arange(3.0), count)


def test_nan_has_no_place() -> None:
    with pytest.raises(ValueError, match="NaN has no place among the best"):
        membership(np.array([1.0, math.nan]), 1)

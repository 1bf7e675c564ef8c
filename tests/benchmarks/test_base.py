"""The checks that recipes share."""

import numpy as np
import pytest

from zcrepro.benchmarks._base import count, mean, millions, number

NOT_NUMBERS = [np.nan, np.inf, -np.inf, True, np.True_, "1.0", None, b"1", [1.0], 1j]


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_not_a_finite_number_is_refused(value):
    for check in (number, count, millions, lambda found: mean([1.0, found])):
        with pytest.raises(ValueError, match="is not a finite number"):
            check(value)


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.int64(3), np.float64(3)])
def test_numbers_of_every_kind_are_taken(value):
    assert (number(value), count(value), mean([value, value])) == (3.0, 3, (3.0, 2))


@pytest.mark.parametrize("value", [0, -1, 0.5, 2.0**63, 1e300])
def test_a_count_is_positive_and_whole(value):
    with pytest.raises(ValueError, match="is not a positive whole number"):
        count(value)


def test_millions_are_whole_except_for_rounding():
    assert millions(0.073306) == 73_306
    assert millions(np.float64(153.499136)) == 153_499_136
    with pytest.raises(ValueError, match=r"0\.0733065 million is not a whole number"):
        millions(0.0733065)


@pytest.mark.parametrize("values", [[], None, "90", {"a": 1.0}])
def test_the_mean_is_of_a_list(values):
    with pytest.raises(ValueError, match="is not a list of numbers"):
        mean(values)

import numpy as np
import pytest

from zcrepro.images.turned_digits import turned


def test_a_digit_is_turned_by_quarters_and_keeps_its_pixels():
    digit = np.arange(4.0, dtype=np.float32).reshape(1, 2, 2)  # 0 1 / 2 3
    seen = {turned(digit, np.random.default_rng(seed))[0].astype(int).tobytes() for seed in range(40)}
    expected = [[[0, 1], [2, 3]], [[1, 3], [0, 2]], [[3, 2], [1, 0]], [[2, 0], [3, 1]]]
    assert seen == {np.array(one).tobytes() for one in expected}


def test_every_number_of_quarter_turns_is_about_as_frequent():
    digits = np.tile(np.arange(4.0, dtype=np.float32).reshape(1, 2, 2), (4000, 1, 1))
    corners = turned(digits, np.random.default_rng(0))[:, 0, 0].astype(int)
    assert np.bincount(corners, minlength=4) == pytest.approx([1000] * 4, abs=120)


def test_the_digits_given_are_left_as_they_are():
    digits = np.random.default_rng(0).random((5, 8, 8)).astype(np.float32)
    before = digits.copy()
    turned(digits, np.random.default_rng(0))
    assert (digits == before).all()

"""Images are resized as torch does, and shifted and mirrored before that."""

import numpy as np
import pytest
import torch

from zcrepro.images.resizing import resized, shifted_and_resized

HAND = np.arange(1, 10, dtype=np.float32).reshape(1, 1, 3, 3)  # 1 2 3 / 4 5 6 / 7 8 9


def noise(count, side, channels=3):
    return np.random.default_rng(0).random((count, channels, side, side), np.float32)


def interpolated(pixels, side):
    return torch.nn.functional.interpolate(
        torch.from_numpy(pixels), (side, side), mode="bilinear", antialias=True, align_corners=False
    ).numpy()


def moved(pixels, down, right, mirrored=False):
    """Move and mirror images (n, channels, s, s) by assignment of slices."""
    side = pixels.shape[-1]
    canvas = np.zeros((*pixels.shape[:2], 3 * side, 3 * side), pixels.dtype)
    canvas[:, :, side + down : 2 * side + down, side + right : 2 * side + right] = pixels
    found = canvas[:, :, side : 2 * side, side : 2 * side]
    return found[..., ::-1].copy() if mirrored else found


def test_an_image_that_has_the_side_already_stays_as_it_is():
    pixels = noise(3, 6)
    assert (resized(pixels, 6) == pixels).all()
    still = shifted_and_resized(pixels, np.zeros((3, 2), np.int64), np.zeros(3, bool), 6)
    assert (still == pixels).all()


def test_half_the_side_averages_over_the_pixels_that_it_merges():
    # The weights of a triangle of twice the width are 3/8 for the two inner pixels and 1/8 for the two outer
    # ones, which are divided by 7/8 where one of them lies beyond the border.
    row = np.array([1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0], np.float32)
    halved = resized(np.tile(row, (1, 1, 8, 1)), 4)
    assert halved.dtype == np.float32
    assert halved[0, 0].tolist() == [pytest.approx([3 / 7, 0, 3 / 8, 1 / 7])] * 4


@pytest.mark.parametrize("side", [3, 8, 12, 20])
def test_images_are_interpolated_as_torch_does(side):
    pixels = noise(2, 12)
    np.testing.assert_allclose(resized(pixels, side), interpolated(pixels, side), rtol=0, atol=1e-6)
    by_matrices = shifted_and_resized(pixels, np.zeros((2, 2), np.int64), np.zeros(2, bool), side)
    np.testing.assert_allclose(by_matrices, interpolated(pixels, side), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("shift", "mirrored", "expected"),
    [
        ((1, 0), False, [[0, 0, 0], [1, 2, 3], [4, 5, 6]]),  # down
        ((-1, 0), False, [[4, 5, 6], [7, 8, 9], [0, 0, 0]]),
        ((0, 1), False, [[0, 1, 2], [0, 4, 5], [0, 7, 8]]),  # to the right
        ((0, -2), False, [[3, 0, 0], [6, 0, 0], [9, 0, 0]]),
        ((0, 0), True, [[3, 2, 1], [6, 5, 4], [9, 8, 7]]),  # from left to right
        ((1, 1), True, [[0, 0, 0], [2, 1, 0], [5, 4, 0]]),  # mirrored after it is moved
        ((3, 0), False, [[0, 0, 0]] * 3),
    ],
)
def test_images_move_down_and_to_the_right_then_are_mirrored_and_what_enters_is_zero(
    shift, mirrored, expected
):
    found = shifted_and_resized(HAND, np.array([shift]), np.array([mirrored]), 3)
    assert found[0, 0].tolist() == expected


@pytest.mark.parametrize("side", [4, 8])
def test_each_image_moves_on_its_own_and_is_resized_afterwards(side):
    shifts = np.array([(2, -1), (0, 0), (-2, 2), (1, 1)])
    mirrored = np.array([True, False, False, True])
    pixels = noise(4, 8)
    found = shifted_and_resized(pixels, shifts, mirrored, side)
    for place, (down, right) in enumerate(shifts):
        one = moved(pixels[place : place + 1], down, right, mirrored[place])
        np.testing.assert_allclose(found[place], interpolated(one, side)[0], rtol=0, atol=1e-6)


def test_bytes_become_numbers_of_the_same_value():
    pixels = np.full((1, 3, 4, 4), 255, np.uint8)
    found = shifted_and_resized(pixels, np.zeros((1, 2), np.int64), np.zeros(1, bool), 2)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 255, rtol=1e-6)

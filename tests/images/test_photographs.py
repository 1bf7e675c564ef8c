"""Random augmentation of photographs: shifts over a black border, and mirroring; and subsets of them."""

import numpy as np
import pytest

from zcrepro import registry
from zcrepro.images import _photographs
from zcrepro.images._photographs import PhotographSubset, cropped_and_mirrored
from zcrepro.images.base import AugmentingSource, Images
from zcrepro.images.resizing import resized

MEAN, STD, PADDING = (0.5, 0.4, 0.3), (0.2, 0.25, 0.1), 2
BLACK = [-2.5, -1.6, -3.0]


def photographs(count, side=6):
    pixels = np.random.default_rng(0).normal(size=(count, 3, side, side)).astype(np.float32)
    return Images(pixels, np.arange(count))


def test_every_variation_is_a_crop_or_a_mirrored_crop_and_all_of_them_occur():
    images = Images(np.repeat(photographs(1).pixels, 2000, axis=0), np.arange(2000))
    varied = cropped_and_mirrored(images, PADDING, MEAN, STD, np.random.default_rng(1))
    canvas = np.pad(images.pixels[0], ((0, 0), (PADDING,) * 2, (PADDING,) * 2), constant_values=np.nan)
    canvas = np.where(np.isnan(canvas), np.array(BLACK, np.float32)[:, None, None], canvas)
    crops = {}
    for row in range(2 * PADDING + 1):
        for column in range(2 * PADDING + 1):
            crop = canvas[:, row : row + 6, column : column + 6]
            crops[crop.tobytes()] = row, column, False
            crops[np.ascontiguousarray(crop[:, :, ::-1]).tobytes()] = row, column, True
    found = [crops[image.tobytes()] for image in varied.pixels]
    assert len(set(found)) == 50
    assert np.mean([mirrored for *_, mirrored in found]) == pytest.approx(0.5, abs=0.05)
    assert varied.labels.tolist() == images.labels.tolist()


def test_a_variation_is_decided_by_its_generator_and_leaves_the_images_as_they_are():
    images = photographs(5)
    before = images.pixels.copy()
    first, again, other = (
        cropped_and_mirrored(images, PADDING, MEAN, STD, np.random.default_rng(seed)).pixels
        for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()
    assert (images.pixels == before).all()
    assert (first.dtype, first.shape) == (np.float32, images.pixels.shape)


@pytest.mark.parametrize(("name", "padding"), [("cifar10", 4), ("cifar100", 4), ("imagenet16_120", 2)])
def test_photographs_are_moved_as_far_as_when_the_benchmarks_were_trained(name, padding):
    source = registry.get("images", name)
    assert isinstance(source, AugmentingSource)
    images = Images(np.full((500, 3, 16, 16), 9, np.float32), np.zeros(500, np.int64))
    varied = source.augmented(images, np.random.default_rng(0)).pixels
    black_rows = (varied[:, 0] != 9).all(axis=2).sum(axis=1)
    assert black_rows.max() == padding
    assert black_rows.min() == 0


def subset(count, padding, side=6):
    """Photographs of random bytes."""
    pixels = np.random.default_rng(0).integers(256, size=(count, 3, side, side), dtype=np.uint8)
    return PhotographSubset(pixels, np.arange(count, dtype=np.uint8), MEAN, STD, padding)


def as_normalised(pixels):
    mean, std = (np.reshape(of, (3, 1, 1)) for of in (MEAN, STD))
    return (pixels / 255 - mean) / std


def test_test_images_are_normalised_and_always_the_same():
    test = subset(5, padding=0)
    first, other = (test.view(np.random.default_rng(seed)) for seed in (1, 2))
    assert (first.pixels == other.pixels).all()
    assert (first.pixels.dtype, first.labels.dtype) == (np.float32, np.int64)
    assert first.labels.tolist() == [0, 1, 2, 3, 4]
    assert test.views == 1
    np.testing.assert_allclose(first.pixels, as_normalised(test.pixels), rtol=0, atol=1e-5)


def test_every_training_image_is_moved_or_mirrored_over_a_black_border_and_all_of_that_occurs():
    one = subset(1, padding=PADDING)
    training = PhotographSubset(
        np.repeat(one.pixels, 500, axis=0), np.zeros(500, np.int64), MEAN, STD, PADDING
    )
    seen = training.view(np.random.default_rng(1)).pixels
    canvas = as_normalised(np.pad(one.pixels[0], ((0, 0), (PADDING,) * 2, (PADDING,) * 2)))
    np.testing.assert_allclose(canvas[:, 0, 0], BLACK)
    starts = range(2 * PADDING + 1)
    crops = [canvas[:, row : row + 6, column : column + 6] for row in starts for column in starts]
    crops += [crop[:, :, ::-1] for crop in crops]
    distances = np.abs(seen[:, np.newaxis] - np.stack(crops)).max(axis=(2, 3, 4))
    assert distances.min(axis=1).max() < 1e-5
    found = distances.argmin(axis=1)
    assert set(found) == set(range(50))
    assert (found >= 25).mean() == pytest.approx(0.5, abs=0.08)  # mirrored


@pytest.mark.parametrize("side", [None, 3])
def test_a_view_is_decided_by_its_generator_and_not_by_blocks(side, monkeypatch):
    training = subset(7, padding=PADDING)
    before = training.pixels.copy()
    first, again, other = (training.view(np.random.default_rng(seed), side).pixels for seed in (1, 1, 2))
    monkeypatch.setattr(_photographs, "BLOCK", 3)
    in_blocks = training.view(np.random.default_rng(1), side).pixels
    assert first.shape == (7, 3, side or 6, side or 6)
    assert (first == again).all()
    assert (first != other).any()
    np.testing.assert_allclose(in_blocks, first, rtol=0, atol=1e-5)
    assert (training.pixels == before).all()


def test_a_view_of_another_side_is_the_whole_view_resized():
    training = subset(20, padding=PADDING)
    whole, small = (training.view(np.random.default_rng(1), side).pixels for side in (None, 4))
    np.testing.assert_allclose(small, resized(whole, 4), rtol=0, atol=1e-5)

"""Random augmentation of photographs: shifts over a black border, and mirroring."""

import numpy as np
import pytest

from zcrepro import registry
from zcrepro.images._photographs import cropped_and_mirrored
from zcrepro.images.base import AugmentingSource, Images

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

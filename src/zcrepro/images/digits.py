"""Handwritten digits, made hard: few of them, shifted by up to two pixels, in heavy noise.

The 1,797 real images of 8x8 pixels that come with scikit-learn (Alpaydin and Kaynak, Optical
Recognition of Handwritten Digits, UCI 1998), on a canvas of 12x12. A network has to learn shapes
that move, from 1,000 images, so that architectures differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from zcrepro import seeds
from zcrepro.images._base import Images

SHIFT = 2  # pixels in each direction
NOISE = 0.3  # standard deviation, for pixels in [0, 1]
TRAINING, VALIDATION = 1000, 397  # the rest, 400, is for testing
MEAN, SPREAD = 0.3, 0.5


@dataclass(frozen=True)
class Split:
    """Clean digits, float32 (n, 8, 8) in [0, 1], and their labels."""

    digits: np.ndarray
    labels: np.ndarray


class Digits:
    """The embedded task."""

    def splits(self) -> dict[str, Split]:
        """Training, validation and test digits: always the same ones."""
        bunch = load_digits()
        order = seeds.numpy_generator("digits", "split").permutation(len(bunch.target))
        digits = (bunch.images / 16).astype(np.float32)[order]
        labels = bunch.target.astype(np.int64)[order]
        ends = {"training": TRAINING, "validation": TRAINING + VALIDATION, "test": len(labels)}
        start, parts = 0, {}
        for name, end in ends.items():
            parts[name] = Split(digits[start:end], labels[start:end])
            start = end
        return parts

    def training(self, files: Sequence[Path] = ()) -> Images:
        """The training images, each shifted and noisy in one fixed way."""
        del files  # the images come with scikit-learn
        return view(self.splits()["training"], seeds.numpy_generator("digits", "training view"))


def view(split: Split, rng: np.random.Generator) -> Images:
    """Every digit once, at a random place of the canvas, with fresh noise."""
    n, side = len(split.labels), split.digits.shape[-1]
    canvas = np.zeros((n, side + 2 * SHIFT, side + 2 * SHIFT), np.float32)
    rows, columns = rng.integers(2 * SHIFT + 1, size=(2, n))
    for image, digit, row, column in zip(canvas, split.digits, rows, columns, strict=True):
        image[row : row + side, column : column + side] = digit
    canvas += NOISE * rng.standard_normal(canvas.shape, dtype=np.float32)
    return Images(((canvas - MEAN) / SPREAD)[:, np.newaxis], split.labels)


IMAGES = Digits()

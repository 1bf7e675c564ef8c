"""Handwritten digits, made hard: few of them, shifted by up to two pixels, in heavy noise.

The 1,797 real images of 8x8 pixels that come with scikit-learn (Alpaydin and Kaynak, Optical
Recognition of Handwritten Digits, UCI 1998), on a canvas of 12x12. A network has to learn shapes
that move, from 1,000 images, so that architectures differ. The embedded tasks are made of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from zcrepro import seeds
from zcrepro.images.base import Images

SHIFT = 2  # pixels in each direction
TRAINING, VALIDATION = 1000, 397  # the rest, 400, is for testing
MEAN, SPREAD = 0.3, 0.5

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""What is done to digits, (n, 8, 8), before they are shifted: to the same shape."""


def unchanged(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The digits as they are; draws nothing."""
    del rng
    return digits


@dataclass(frozen=True)
class DigitSplit:
    """Clean digits, float32 (n, 8, 8) in [0, 1], their labels, and how they are made hard.

    ``noise`` is its standard deviation, in the units of the digits.
    """

    digits: np.ndarray
    labels: np.ndarray
    noise: float
    change: Change

    def __len__(self) -> int:
        return len(self.labels)

    def view(self, rng: np.random.Generator) -> Images:
        """Every digit once, changed, at a random place of the canvas, with fresh noise."""
        canvas = _placed(self.change(self.digits, rng), rng)
        canvas += self.noise * rng.standard_normal(canvas.shape, dtype=np.float32)
        return Images(((canvas - MEAN) / SPREAD)[:, np.newaxis], self.labels)


@dataclass(frozen=True)
class DigitTask:
    """A task on the digits; ``name`` keys its random views."""

    name: str
    noise: float
    change: Change = unchanged

    def splits(self) -> dict[str, DigitSplit]:
        """Training, validation and test digits: always the same ones, in every task."""
        bunch = load_digits()
        order = seeds.numpy_generator("digits", "split").permutation(len(bunch.target))
        digits = (bunch.images / 16).astype(np.float32)[order]
        labels = bunch.target.astype(np.int64)[order]
        ends = {"training": TRAINING, "validation": TRAINING + VALIDATION, "test": len(labels)}
        start, parts = 0, {}
        for name, end in ends.items():
            parts[name] = DigitSplit(digits[start:end], labels[start:end], self.noise, self.change)
            start = end
        return parts

    def training(self, files: Sequence[Path] = ()) -> Images:
        """The training images, each seen in one fixed way."""
        del files  # the images come with scikit-learn
        return self.splits()["training"].view(seeds.numpy_generator(self.name, "training view"))


def _placed(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, side, side) at random places of black canvases that are larger by ``SHIFT`` on each side."""
    n, side = digits.shape[:2]
    canvas = np.zeros((n, side + 2 * SHIFT, side + 2 * SHIFT), np.float32)
    rows, columns = rng.integers(2 * SHIFT + 1, size=(2, n))
    for image, digit, row, column in zip(canvas, digits, rows, columns, strict=True):
        image[row : row + side, column : column + side] = digit
    return canvas

"""Build hard tasks from few handwritten digits: random shifts by up to two pixels, and heavy noise.

The 1,797 images of 8x8 pixels come with scikit-learn (Alpaydin and Kaynak, Optical Recognition of Handwritten
Digits, UCI 1998). Each is placed on a canvas of 12x12. A network has to learn shapes at varying positions
from 1,000 images, which separates good architectures from bad ones. The tasks of the embedded benchmark are
made in this way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from zcrepro import seeds
from zcrepro.files.csv import read_csv
from zcrepro.images.base import Images
from zcrepro.images.resizing import resized

SHIFT = 2  # pixels in each direction
TRAINING, VALIDATION = 1000, 397  # the other 400 images are the test set
MEAN, STD = 0.3, 0.5
VIEWS = 4  # random augmentations in which each held-out image is evaluated

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""Transformation of digits, float32 (n, 8, 8) to the same shape, applied before they are shifted."""


def unchanged(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the digits as they are, without drawing from ``rng``."""
    del rng
    return digits


@dataclass(frozen=True)
class DigitSubset:
    """Digits, float32 (n, 8, 8) in [0, 1], their labels, int64 (n,), and how they are augmented.

    ``noise`` is the standard deviation of the added Gaussian noise, in the units of the digits.
    """

    digits: np.ndarray
    labels: np.ndarray
    noise: float
    change: Change
    views: int = VIEWS

    def __len__(self) -> int:
        return len(self.labels)

    def view(self, rng: np.random.Generator, side: int | None = None) -> Images:
        """Return every digit once: transformed, at a random position on the canvas, with new noise.

        The pixels are float32 (n, 1, 12, 12), resized if ``side`` is given.
        """
        canvas = _placed(self.change(self.digits, rng), rng)
        canvas += self.noise * rng.standard_normal(canvas.shape, dtype=np.float32)
        pixels = ((canvas - MEAN) / STD)[:, np.newaxis]
        return Images(resized(pixels, side) if side else pixels, self.labels)


@dataclass(frozen=True)
class DigitTask:
    """A classification task on the digits. ``name`` is the key of its random augmentations."""

    name: str
    noise: float
    change: Change = unchanged

    def subsets(self, files: Sequence[Path] = ()) -> dict[str, DigitSubset]:
        """Return the training, validation and test digits, which are the same in every task."""
        del files  # scikit-learn contains the images
        images, labels = _bundled()
        order = seeds.numpy_generator("digits", "split").permutation(len(labels))
        digits = (images / 16).astype(np.float32)[order]
        labels = labels[order]
        ends = {"training": TRAINING, "validation": TRAINING + VALIDATION, "test": len(labels)}
        start, found = 0, {}
        for name, end in ends.items():
            found[name] = DigitSubset(digits[start:end], labels[start:end], self.noise, self.change)
            start = end
        return found

    def training(self, files: Sequence[Path] = ()) -> Images:
        """Return the training images with one fixed augmentation each."""
        return self.subsets(files)["training"].view(seeds.numpy_generator(self.name, "training view"))


def _bundled() -> tuple[np.ndarray, np.ndarray]:
    """Return the images, (1797, 8, 8) in 0 to 16, and the labels of ``sklearn.datasets.load_digits``.

    The file is read without importing scikit-learn, which would take a second in each job.
    """
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("scikit-learn, which brings the digits, is not installed")
    path = Path(package.origin).parent / "datasets/data/digits.csv.gz"
    table = read_csv(path, "install scikit-learn again", header=None).to_numpy(np.int64)
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1]


def _placed(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Place each digit at a random position on a black canvas, ``SHIFT`` larger on every side."""
    n, side = digits.shape[:2]
    canvas = np.zeros((n, side + 2 * SHIFT, side + 2 * SHIFT), np.float32)
    rows, columns = rng.integers(2 * SHIFT + 1, size=(2, n))
    for image, digit, row, column in zip(canvas, digits, rows, columns, strict=True):
        image[row : row + side, column : column + side] = digit
    return canvas

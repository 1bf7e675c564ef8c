"""Read, normalise and augment photographs stored as rows of bytes.

A row is one image: its red, green and blue planes one after the other, each in row-major order.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zcrepro.files import pickles
from zcrepro.files.errors import FETCH_AGAIN, reads
from zcrepro.images.base import Images
from zcrepro.images.resizing import shifted_and_resized

CHANNELS = 3
BLOCK = 4096  # photographs that are augmented at a time

RGB = tuple[float, float, float]


def normalised(rows: np.ndarray, side: int, mean: RGB, std: RGB) -> np.ndarray:
    """Return float32 images (n, 3, side, side) from uint8 rows (n, 3 * side * side).

    ``mean`` and ``std`` refer to pixels scaled to [0, 1].
    """
    scaled = rows.reshape(-1, CHANNELS, side, side).astype(np.float32) / np.float32(255)
    scaled -= np.asarray(mean, np.float32)[:, np.newaxis, np.newaxis]
    scaled /= np.asarray(std, np.float32)[:, np.newaxis, np.newaxis]
    return scaled


def cropped_and_mirrored(
    images: Images, padding: int, mean: RGB, std: RGB, rng: np.random.Generator
) -> Images:
    """Return images that are randomly shifted by up to ``padding`` pixels, and mirrored with probability 1/2.

    The border is black. This is the augmentation with which the benchmarks' networks were trained, and with
    which Abdelfattah et al. (ICLR 2021) drew the minibatch of each architecture.
    """
    black = -np.asarray(mean, np.float32) / np.asarray(std, np.float32)
    n, channels, side, _ = images.pixels.shape
    canvas = np.empty((n, channels, side + 2 * padding, side + 2 * padding), np.float32)
    canvas[:] = black[:, np.newaxis, np.newaxis]
    canvas[:, :, padding : padding + side, padding : padding + side] = images.pixels
    starts = rng.integers(2 * padding + 1, size=(2, n, 1))
    rows, columns = starts + np.arange(side)
    mirrored = rng.integers(2, size=(n, 1), dtype=np.uint8) == 1
    columns = np.where(mirrored, columns[:, ::-1], columns)
    every = np.arange(n)[:, np.newaxis, np.newaxis]
    pixels = canvas[every, :, rows[:, :, np.newaxis], columns[:, np.newaxis, :]]
    return Images(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)), images.labels)


@dataclass(frozen=True)
class PhotographSubset:
    """Photographs of a task, on which networks are trained or evaluated.

    Attributes
    ----------
    pixels
        uint8 (n, 3, side, side).
    labels
        Integers (n,).
    mean, std
        Mean and standard deviation of each channel, for pixels scaled to [0, 1].
    padding
        The largest number of pixels by which a photograph is shifted. If it is 0, nothing is mirrored either.
    """

    pixels: np.ndarray
    labels: np.ndarray
    mean: RGB
    std: RGB
    padding: int
    views: int = 1

    def __len__(self) -> int:
        return len(self.labels)

    def view(self, rng: np.random.Generator, side: int | None = None) -> Images:
        """Return every photograph once, float32 (n, 3, side, side), normalised.

        It is shifted and mirrored at random, as by ``cropped_and_mirrored``, and then resized.
        """
        side = side or self.pixels.shape[-1]
        shifts = rng.integers(-self.padding, self.padding, size=(len(self), 2), endpoint=True)
        mirrored = rng.integers(2, size=len(self)) == 1 if self.padding else np.zeros(len(self), bool)
        seen = np.empty((len(self), CHANNELS, side, side), np.float32)
        for start in range(0, len(self), BLOCK):  # all at once would take gigabytes
            block = slice(start, start + BLOCK)
            seen[block] = shifted_and_resized(self.pixels[block], shifts[block], mirrored[block], side)
        seen /= 255
        seen -= np.asarray(self.mean, np.float32)[:, np.newaxis, np.newaxis]
        seen /= np.asarray(self.std, np.float32)[:, np.newaxis, np.newaxis]
        return Images(seen, self.labels.astype(np.int64))


@reads(FETCH_AGAIN)
def pickled(path: Path, side: int, label_key: str, classes: range) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows, uint8 (n, 3 * side * side), and labels, int64 (n,), of a pickled batch of images.

    The pickle is a dict with the keys ``data`` and ``label_key``. Raises ValueError, which names the file, if
    it contains anything else or a label is not in ``classes``.
    """
    batch = pickles.load(path, pickles.ARRAYS, encoding="latin1")  # Python 2 wrote some of them
    if not isinstance(batch, dict) or not {"data", label_key} <= set(batch):
        raise ValueError(f"not a dict with the keys 'data' and {label_key!r}, so it is another file")
    rows, labels = np.asarray(batch["data"]), np.asarray(batch[label_key])
    expected = (labels.size, CHANNELS * side * side)
    if rows.dtype != np.uint8 or rows.shape != expected or labels.dtype.kind not in "iu":
        raise ValueError(
            f"'data' is {rows.dtype} {rows.shape}, expected uint8 {expected}, one row per element "
            f"of {label_key!r}, which is {labels.dtype} {labels.shape}, expected integers"
        )
    wrong = np.flatnonzero((labels < classes.start) | (labels >= classes.stop))
    if wrong.size:
        label = labels[wrong[0]]
        raise ValueError(f"image {wrong[0]} has label {label}, expected {classes[0]} to {classes[-1]}")
    return rows, labels.astype(np.int64)

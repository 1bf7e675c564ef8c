"""What the sets of photographs share: rows of bytes as their authors write them, and normalisation.

A row is an image: its red, green and blue planes one after the other, each row by row.
"""

from pathlib import Path

import numpy as np

from zcrepro.files import pickles
from zcrepro.images.base import Images

CHANNELS = 3

RGB = tuple[float, float, float]


def normalised(rows: np.ndarray, side: int, mean: RGB, spread: RGB) -> np.ndarray:
    """float32 (n, 3, side, side) of uint8 (n, 3 * side * side); ``mean`` and ``spread`` for [0, 1]."""
    scaled = rows.reshape(-1, CHANNELS, side, side).astype(np.float32) / np.float32(255)
    scaled -= np.asarray(mean, np.float32)[:, np.newaxis, np.newaxis]
    scaled /= np.asarray(spread, np.float32)[:, np.newaxis, np.newaxis]
    return scaled


def cropped_and_mirrored(
    images: Images, padding: int, mean: RGB, spread: RGB, rng: np.random.Generator
) -> Images:
    """Each image moved by up to ``padding`` pixels over black, and mirrored with a probability of one half.

    How the benchmarks' networks were trained, and how ZCP drew the batch of each architecture.
    """
    black = -np.asarray(mean, np.float32) / np.asarray(spread, np.float32)
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


def pickled(path: Path, side: int, label_key: str, classes: range) -> tuple[np.ndarray, np.ndarray]:
    """Rows, uint8 (n, 3 * side * side), and labels, int64 (n,), of a pickled dict with the key ``data``.

    Raises ValueError for a pickle that holds anything else, or a label that is none of ``classes``.
    """
    batch = pickles.load(path, pickles.ARRAYS, encoding="latin1")  # Python 2 wrote some of them
    if not isinstance(batch, dict) or not {"data", label_key} <= set(batch):
        raise ValueError(f"{path} is no dict with the keys 'data' and {label_key!r}: it is another file")
    rows, labels = np.asarray(batch["data"]), np.asarray(batch[label_key])
    expected = (labels.size, CHANNELS * side * side)
    if rows.dtype != np.uint8 or rows.shape != expected or labels.dtype.kind not in "iu":
        raise ValueError(
            f"{path}: 'data' is {rows.dtype} {rows.shape}, expected uint8 {expected}, a row for each of "
            f"{label_key!r}, which is {labels.dtype} {labels.shape}, expected whole numbers"
        )
    wrong = np.flatnonzero((labels < classes.start) | (labels >= classes.stop))
    if wrong.size:
        raise ValueError(
            f"{path}: image {wrong[0]} has label {labels[wrong[0]]}, which is none of {classes[0]} to "
            f"{classes[-1]}"
        )
    return rows, labels.astype(np.int64)

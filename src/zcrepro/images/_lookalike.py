"""Read photographs that stand in for those of a data set, which is not accessible.

They are of other images of as many classes, at the same size, and are normalised in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zcrepro.files.arrays import read_arrays
from zcrepro.files.errors import FETCH_AGAIN, reads
from zcrepro.images._photographs import CHANNELS, RGB, normalised
from zcrepro.images.base import LOOKALIKE, Images


@dataclass(frozen=True)
class LookAlike:
    """Reader of a NumPy archive with ``images``, uint8 (n, side, side, 3), and ``labels``, (n,).

    Attributes
    ----------
    name
        The data set that the images resemble.
    side, classes
        Its side in pixels and number of classes.
    mean, std
        Mean and standard deviation of each channel, for pixels scaled to [0, 1].
    """

    name: str
    side: int
    classes: int
    mean: RGB
    std: RGB

    def training(self, files: Sequence[Path]) -> Images:
        """Return the images of the only file.

        Raises ValueError if there is another number of files or it has another format.
        """
        if len(files) != 1:
            raise ValueError(f"the look-alikes of {self.name} are in one file, but {len(files)} are named")
        pixels, labels = _arrays(files[0], self.side, self.classes)
        rows = pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1)
        edition = f"{LOOKALIKE} {self.name}"
        return Images(normalised(rows, self.side, self.mean, self.std), labels, edition)


@reads(FETCH_AGAIN)
def _arrays(path: Path, side: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return images, uint8 (n, side, side, 3), and labels, int64 (n,).

    Raises ValueError, which names the file, if it holds anything else.
    """
    arrays = read_arrays(path)
    if not {"images", "labels"} <= set(arrays):
        raise ValueError(f"the arrays are {', '.join(arrays)}, expected images and labels")
    pixels, labels = arrays["images"], arrays["labels"]
    expected = (labels.size, side, side, CHANNELS)
    if pixels.dtype != np.uint8 or pixels.shape != expected or labels.dtype.kind not in "iu":
        raise ValueError(
            f"images are {pixels.dtype} {pixels.shape}, expected uint8 {expected}, with one integer per "
            f"image, while the labels are {labels.dtype} {labels.shape}"
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"labels reach from {labels.min()} to {labels.max()}, expected 0 to {classes - 1}")
    return pixels, labels.astype(np.int64)

"""CIFAR-100 (Krizhevsky 2009), in the Python version: 32x32 photographs of a hundred classes.

Normalised by the mean and spread of its channels, as the papers do.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zcrepro.images._photographs import cropped_and_mirrored, normalised, pickled
from zcrepro.images.base import Images

SIDE = 32
CLASSES = range(100)

MEAN = (0.5071, 0.4865, 0.4409)
SPREAD = (0.2673, 0.2564, 0.2762)
PADDING = 4


class CIFAR100:
    """Training images from the file ``train``, a pickle of Python 2; labelled by the fine classes."""

    def training(self, files: Sequence[Path]) -> Images:
        """The images of all ``files``, in their order. Raises ValueError for a file of another format."""
        if not files:
            raise ValueError("CIFAR-100 needs its file train")
        rows, labels = zip(*(pickled(path, SIDE, "fine_labels", CLASSES) for path in files), strict=True)
        return Images(normalised(np.concatenate(rows), SIDE, MEAN, SPREAD), np.concatenate(labels))

    def augmented(self, images: Images, rng: np.random.Generator) -> Images:
        """Cropped out of a canvas that is larger by PADDING on each side, and mirrored."""
        return cropped_and_mirrored(images, PADDING, MEAN, SPREAD, rng)


IMAGES = CIFAR100()

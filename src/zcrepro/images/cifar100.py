"""CIFAR-100 (Krizhevsky, 2009) in its Python version: 32x32 photographs of 100 classes.

Images are normalised by the mean and standard deviation of each channel, as the papers do.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zcrepro.images._photographs import cropped_and_mirrored, normalised, pickled
from zcrepro.images.base import Images

SIDE = 32
CLASSES = range(100)

MEAN = (0.5071, 0.4865, 0.4409)
STD = (0.2673, 0.2564, 0.2762)
PADDING = 4


class CIFAR100:
    """Training images from the file ``train``, a Python 2 pickle, with the 100 fine labels."""

    def training(self, files: Sequence[Path]) -> Images:
        """Return the images of all ``files``, in their order.

        Raises ValueError if there is no file or one has another format.
        """
        if not files:
            raise ValueError("CIFAR-100 needs its file train")
        rows, labels = zip(*(pickled(path, SIDE, "fine_labels", CLASSES) for path in files), strict=True)
        return Images(normalised(np.concatenate(rows), SIDE, MEAN, STD), np.concatenate(labels))

    def augmented(self, images: Images, rng: np.random.Generator) -> Images:
        """Return the images randomly shifted by up to ``PADDING`` pixels and mirrored."""
        return cropped_and_mirrored(images, PADDING, MEAN, STD, rng)


IMAGES = CIFAR100()

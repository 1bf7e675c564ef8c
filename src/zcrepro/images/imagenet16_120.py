"""ImageNet16-120: photographs of the first 120 classes of ImageNet, downsampled to 16x16.

The downsampled images are those of Chrabaszcz et al., A Downsampled Variant of ImageNet as an Alternative to
the CIFAR Datasets (2017). The 120 classes, the mean and the standard deviation are those of NAS-Bench-201.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zcrepro.images._photographs import cropped_and_mirrored, normalised, pickled
from zcrepro.images.base import Images

SIDE = 16
CLASSES = range(1, 1001)  # as labelled in the files
CHOSEN = 120

MEAN = (122.68 / 255, 116.66 / 255, 104.01 / 255)
STD = (63.22 / 255, 61.26 / 255, 65.09 / 255)
PADDING = 2


class ImageNet16:
    """Training images from any of the pickles train_data_batch_1 to train_data_batch_10."""

    def training(self, files: Sequence[Path]) -> Images:
        """Return the images of the 120 classes in all ``files``, in their order, with labels from 0 to 119.

        Raises ValueError if there is no file or one has another format.
        """
        if not files:
            raise ValueError("ImageNet16-120 needs at least one of its files train_data_batch_*")
        rows, labels = zip(*(_chosen(path) for path in files), strict=True)
        return Images(normalised(np.concatenate(rows), SIDE, MEAN, STD), np.concatenate(labels))

    def augmented(self, images: Images, rng: np.random.Generator) -> Images:
        """Return the images randomly shifted by up to ``PADDING`` pixels and mirrored."""
        return cropped_and_mirrored(images, PADDING, MEAN, STD, rng)


def _chosen(path: Path) -> tuple[np.ndarray, np.ndarray]:
    rows, labels = pickled(path, SIDE, "labels", CLASSES)
    chosen = labels <= CHOSEN
    return rows[chosen], labels[chosen] - 1


IMAGES = ImageNet16()

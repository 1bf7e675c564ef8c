"""CIFAR-10 (Krizhevsky, 2009) in its binary version: 32x32 photographs of 10 classes.

Images are normalised by the mean and standard deviation of each channel, as the papers do.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zcrepro.files.errors import FETCH_AGAIN, reads
from zcrepro.images._photographs import CHANNELS, PhotographSubset, cropped_and_mirrored, normalised
from zcrepro.images.base import Images

SIDE, CLASSES = 32, 10
RECORD = 1 + CHANNELS * SIDE * SIDE  # bytes: the label, then the red, green and blue planes

MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2023, 0.1994, 0.2010)
PADDING = 4


class CIFAR10:
    """Training images from any of the files data_batch_1.bin to data_batch_5.bin."""

    def training(self, files: Sequence[Path]) -> Images:
        """Return the images of all ``files``, in their order.

        Raises ValueError if there is no file or one is truncated or in another format.
        """
        if not files:
            raise ValueError("CIFAR-10 needs at least one of its files data_batch_*.bin")
        records = np.concatenate([_records(path) for path in files])
        return Images(normalised(records[:, 1:], SIDE, MEAN, STD), records[:, 0].astype(np.int64))

    def subsets(self, files: Sequence[Path]) -> dict[str, PhotographSubset]:
        """Return the training images of all ``files`` but the last, and the test images of the last.

        Training images are shifted and mirrored at random, test images are not. Raises ValueError if there
        are fewer than two files or one is damaged.
        """
        if len(files) < 2:
            raise ValueError("training on CIFAR-10 needs its files data_batch_*.bin and then test_batch.bin")
        *training, test = map(_records, files)
        records = {"training": (np.concatenate(training), PADDING), "test": (test, 0)}
        return {
            name: PhotographSubset(of[:, 1:].reshape(-1, CHANNELS, SIDE, SIDE), of[:, 0], MEAN, STD, padding)
            for name, (of, padding) in records.items()
        }

    def augmented(self, images: Images, rng: np.random.Generator) -> Images:
        """Return the images randomly shifted by up to ``PADDING`` pixels and mirrored."""
        return cropped_and_mirrored(images, PADDING, MEAN, STD, rng)


@reads(FETCH_AGAIN)
def _records(path: Path) -> np.ndarray:
    """Return the records of a file, uint8 (n, RECORD).

    Raises ValueError, which names the file, if it is truncated or a label is not below 10.
    """
    raw = np.fromfile(path, np.uint8)
    if not raw.size or raw.size % RECORD:
        raise ValueError(
            f"{raw.size} bytes are not a multiple of the record size {RECORD}, so it is truncated or not "
            "CIFAR-10's binary version"
        )
    records = raw.reshape(-1, RECORD)
    wrong = np.flatnonzero(records[:, 0] >= CLASSES)
    if wrong.size:
        label = records[wrong[0], 0]
        raise ValueError(f"record {wrong[0]} has label {label}, but CIFAR-10 has 0 to {CLASSES - 1}")
    return records


IMAGES = CIFAR10()

"""Represent images as NumPy arrays, and draw the minibatches on which proxies are computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from zcrepro import seeds

LOOKALIKE = "look-alikes of"
"""How the edition of images begins that stand in for a data set; its name follows."""


@dataclass(frozen=True)
class Images:
    """Images and their labels.

    ``pixels`` is float32 (n, channels, height, width), normalised; ``labels`` is int64 (n,). Text takes the
    place of images as tokens, int64 (n, positions), with labels of the same shape. ``edition`` tells apart
    what an installed package may change, or names the data set that the images stand in for; it is empty for
    verified images of the data set itself. Raises ValueError if
    lengths differ or a pixel is not finite.
    """

    pixels: np.ndarray
    labels: np.ndarray
    edition: str = ""

    def __post_init__(self) -> None:
        if len(self.pixels) != len(self.labels):
            raise ValueError(f"{len(self.pixels)} images but {len(self.labels)} labels")
        if not np.isfinite(self.pixels).all():
            raise ValueError("the images contain values that are not finite")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray) -> "Images":
        """Return the images at the given indices, in that order."""
        return Images(self.pixels[indices], self.labels[indices], self.edition)


@runtime_checkable
class ImageSource(Protocol):
    """Reader of the training images of a task."""

    def training(self, files: Sequence[Path]) -> Images:
        """Return the training images in ``files``, which is empty if a package contains the images."""


@runtime_checkable
class DrawnSource(Protocol):
    """Source of random images of any shape."""

    def of_shape(self, size: int, shape: tuple[int, ...], classes: int, seed: int) -> Images:
        """Return ``size`` images of ``shape``, (channels, height, width), and labels of ``classes``."""


@runtime_checkable
class AugmentingSource(ImageSource, Protocol):
    """Reader of images that are randomly augmented when networks are trained on them."""

    def augmented(self, images: Images, rng: np.random.Generator) -> Images:
        """Return a random augmentation of each image."""


class Subset(Protocol):
    """The training, validation or test images of a task, which may be randomly augmented.

    ``views`` is how many views of each image a network is evaluated on: one if they are all the same.
    """

    @property
    def views(self) -> int: ...

    def __len__(self) -> int: ...

    def view(self, rng: np.random.Generator, side: int | None = None) -> Images:
        """Return every image once, with a random augmentation such as a shift or noise.

        If ``side`` is given, the images are resized to squares of as many pixels.
        """


class SubsetSource(Protocol):
    """Reader of images for training and evaluating networks."""

    def subsets(self, files: Sequence[Path]) -> Mapping[str, Subset]:
        """Return the subsets named training and test, and validation if there are such images.

        ``files`` is empty if a package contains the images.
        """


def minibatch(images: Images, size: int, seed: int, task: str, *key: str) -> np.ndarray:
    """Return the indices of ``size`` images, int64 (size,), drawn without replacement.

    The draw depends on ``seed``, ``task`` and ``key`` alone, so without a ``key`` there is one minibatch per
    seed and task. Raises ValueError if there are fewer than ``size`` images.
    """
    if size > len(images):
        raise ValueError(f"a batch of {size} was asked for, but {task} has {len(images)} training images")
    return seeds.numpy_generator(seed, "minibatch", task, *key).choice(len(images), size, replace=False)

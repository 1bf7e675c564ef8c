"""Images as numpy arrays, and the minibatch that proxies see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from zcrepro import seeds


@dataclass(frozen=True)
class Images:
    """``pixels``: float32, (n, channels, side, side), normalised; ``labels``: int64, (n,)."""

    pixels: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        if len(self.pixels) != len(self.labels):
            raise ValueError(f"{len(self.pixels)} images but {len(self.labels)} labels")
        if not np.isfinite(self.pixels).all():
            raise ValueError("the images hold values that are not finite")

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, numbers: np.ndarray) -> "Images":
        """The images of these numbers, in their order."""
        return Images(self.pixels[numbers], self.labels[numbers])


class ImageSource(Protocol):
    """Reads the training images of a task from its files (none where a package brings them)."""

    def training(self, files: Sequence[Path]) -> Images: ...


@runtime_checkable
class AugmentingSource(ImageSource, Protocol):
    """One whose images networks are trained on in random variations."""

    def augmented(self, images: Images, rng: np.random.Generator) -> Images:
        """Each of the images in a variation that ``rng`` draws."""


class Split(Protocol):
    """One part of the images of a task, seen a little differently each time."""

    def __len__(self) -> int: ...

    def view(self, rng: np.random.Generator) -> Images:
        """Every image once, with whatever ``rng`` draws for it: a shift, noise."""


class SplitSource(Protocol):
    """Brings images to train on and to judge by: the parts training, validation and test."""

    def splits(self) -> Mapping[str, Split]: ...


def minibatch(images: Images, size: int, seed: int, task: str, *key: str) -> np.ndarray:
    """The numbers of ``size`` images drawn without replacement: without a ``key`` one batch for a task."""
    if size > len(images):
        raise ValueError(f"a batch of {size} was asked for, but {task} has {len(images)} training images")
    return seeds.numpy_generator(seed, "minibatch", task, *key).choice(len(images), size, replace=False)

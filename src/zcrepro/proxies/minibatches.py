"""The minibatch that each architecture of a task is scored on: one for all, or one for each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from zcrepro import registry, seeds
from zcrepro.images.base import AugmentingSource, DrawnSource, Images, ImageSource, minibatch
from zcrepro.proxies.base import Batch
from zcrepro.proxies.feature_table import DRAWN_IMAGES
from zcrepro.spaces.base import TaskShape


class FixedMinibatch:
    """The same images for every architecture; ``described`` says which, for the metadata."""

    def __init__(self, images: Images, described: str, device: str) -> None:
        self.described = described
        self._batch = _on_device(images, device)

    def __call__(self, key: str) -> Batch:
        """Return the same batch for every key."""
        del key
        return self._batch


class AugmentedMinibatches:
    """Other images for every key, randomly augmented, as ZCP drew them for every architecture."""

    described = "augmented, another one for each architecture"

    def __init__(
        self, source: AugmentingSource, images: Images, size: int, task: str, seed: int, device: str
    ) -> None:
        self._source, self._images, self._size = source, images, size
        self._task, self._seed, self._device = task, seed, device

    def __call__(self, key: str) -> Batch:
        """Return the batch of ``key``, which depends on the key and the seed alone."""
        numbers = minibatch(self._images, self._size, self._seed, self._task, key)
        rng = seeds.numpy_generator(self._seed, "augmentation", self._task, key)
        return _on_device(self._source.augmented(self._images.take(numbers), rng), self._device)


Minibatches = FixedMinibatch | AugmentedMinibatches
"""Maps a key to a batch; architectures that share their weights have the same key."""


def minibatches(
    name: str,
    files: Sequence[Path],
    *,
    size: int,
    task: str,
    shape: TaskShape,
    augmented: bool,
    seed: int,
    device: str,
) -> Minibatches:
    """Return the minibatches of the images called ``name``.

    Raises ValueError if they are to be augmented and their source cannot do so.
    """
    source: ImageSource | DrawnSource = registry.get("images", name)
    if isinstance(source, DrawnSource) and not augmented:
        return FixedMinibatch(source.of_shape(size, shape.input, shape.classes, seed), DRAWN_IMAGES, device)
    if isinstance(source, ImageSource) and not augmented:
        images = source.training(files)
        numbers = minibatch(images, size, seed, task)
        described = f"{json.dumps(numbers.tolist())} {images.edition}".rstrip()
        return FixedMinibatch(images.take(numbers), described, device)
    if not isinstance(source, AugmentingSource):
        raise ValueError(f"the images {name!r} have no variations: set features.augmented_batches to false")
    return AugmentedMinibatches(source, source.training(files), size, task, seed, device)


def _on_device(images: Images, device: str) -> Batch:
    arrays: tuple[np.ndarray, np.ndarray] = (images.pixels, images.labels)
    return Batch(*(_moved(torch.from_numpy(array), device) for array in arrays))


def _moved(tensor: Tensor, device: str) -> Tensor:
    # From pinned memory a GPU fetches by itself, while this process goes on.
    if torch.device(device).type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)

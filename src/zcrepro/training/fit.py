"""Train one network, and evaluate it on held-out images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR

from zcrepro import seeds
from zcrepro.images.base import Images, Subset

EVALUATED = 4096  # images in a forward of an evaluation


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a network is trained."""

    epochs: Annotated[int, Ge(1)] = 12
    """Passes over the training images in which the learning rate falls to zero."""

    schedule: Literal["one_cycle", "cosine"] = "one_cycle"
    """How the learning rate changes: it rises first and falls then, or falls from the start."""

    batch_size: Annotated[int, Ge(1)] = 64
    """Images in a step."""

    learning_rate: Annotated[float, Gt(0)] = 0.1
    """The highest learning rate."""

    momentum: Annotated[float, Ge(0), Le(1)] = 0.9
    """Nesterov momentum."""

    weight_decay: Annotated[float, Ge(0)] = 0.0005
    """Weight decay."""


def fit(
    network: nn.Module, subset: Subset, chosen: Options, *key: str | int, side: int | None = None
) -> Iterator[int]:
    """Train ``network`` in place on ``subset``, and yield the number of each epoch, from 1, after it.

    The optimiser is SGD with Nesterov momentum. The images are augmented anew in every epoch, and resized if
    ``side`` is given. Augmentations and batches are drawn from ``key``.
    """
    steps = -(-len(subset) // chosen.batch_size)
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=chosen.learning_rate,
        momentum=chosen.momentum,
        nesterov=chosen.momentum > 0,  # without momentum there is none, and torch refuses it
        weight_decay=chosen.weight_decay,
    )
    schedule = _schedule(optimiser, chosen, chosen.epochs * steps)
    rng = seeds.numpy_generator(*key)
    for epoch in range(1, chosen.epochs + 1):
        network.train()
        pixels, labels = _tensors(subset.view(rng, side), network)
        for batch in torch.from_numpy(rng.permutation(len(labels))).split(chosen.batch_size):
            optimiser.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(network(pixels[batch]), labels[batch]).backward()
            optimiser.step()
            schedule.step()
        yield epoch


@torch.no_grad()
def accuracy(network: nn.Module, subset: Subset, *key: str | int, side: int | None = None) -> float:
    """Return the accuracy in percent over all views of every image.

    ``key`` is the name of the images and of the subset, so that every network is evaluated on the same
    augmented images. They are resized if ``side`` is given.
    """
    network.eval()
    right = 0
    for number in range(subset.views):
        pixels, labels = _tensors(subset.view(seeds.numpy_generator(*key, number), side), network)
        for images, of in zip(pixels.split(EVALUATED), labels.split(EVALUATED), strict=True):
            right += int((network(images).argmax(1) == of).sum())
    return 100 * right / (subset.views * len(subset))


def _schedule(optimiser: torch.optim.Optimizer, chosen: Options, steps: int) -> LRScheduler:
    if chosen.schedule == "cosine":
        return CosineAnnealingLR(optimiser, steps)
    return OneCycleLR(optimiser, chosen.learning_rate, steps)


def _tensors(images: Images, network: nn.Module) -> tuple[Tensor, Tensor]:
    """Return the pixels and labels on the device of the network."""
    device = next(network.parameters()).device
    return torch.from_numpy(images.pixels).to(device), torch.from_numpy(images.labels).to(device)

"""Train one network, and evaluate it on held-out images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Gt, Le
from torch import nn

from zcrepro import seeds
from zcrepro.images.base import Images, Subset

VIEWS = 4  # random augmentations in which each held-out image is evaluated


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a network is trained."""

    epochs: Annotated[int, Ge(1)] = 12
    """Passes over the training images."""

    batch_size: Annotated[int, Ge(1)] = 64
    """Images in a step."""

    learning_rate: Annotated[float, Gt(0)] = 0.1
    """The peak of the one-cycle schedule."""

    momentum: Annotated[float, Ge(0), Le(1)] = 0.9
    """Nesterov momentum."""

    weight_decay: Annotated[float, Ge(0)] = 0.0005
    """Weight decay."""


def fit(network: nn.Module, subset: Subset, chosen: Options, *key: str | int) -> None:
    """Train ``network`` in place on ``subset``, with augmentations and batches drawn from ``key``.

    The optimiser is SGD with Nesterov momentum under a one-cycle learning-rate schedule. The images are
    augmented anew in every epoch.
    """
    steps = chosen.epochs * -(-len(subset) // chosen.batch_size)
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=chosen.learning_rate,
        momentum=chosen.momentum,
        nesterov=True,
        weight_decay=chosen.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, chosen.learning_rate, steps)
    rng = seeds.numpy_generator(*key)
    network.train()
    for _ in range(chosen.epochs):
        pixels, labels = _tensors(subset.view(rng))
        for batch in torch.from_numpy(rng.permutation(len(labels))).split(chosen.batch_size):
            optimiser.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(network(pixels[batch]), labels[batch]).backward()
            optimiser.step()
            schedule.step()


@torch.no_grad()
def accuracy(network: nn.Module, subset: Subset, *key: str | int) -> float:
    """Return the accuracy in percent over ``VIEWS`` augmentations of every image.

    ``key`` is the name of the images and of the subset, so that every network is evaluated on the same
    augmented images.
    """
    network.eval()
    right = total = 0
    for number in range(VIEWS):
        pixels, labels = _tensors(subset.view(seeds.numpy_generator(*key, number)))
        right += int((network(pixels).argmax(1) == labels).sum())
        total += len(labels)
    return 100 * right / total


def _tensors(images: Images) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(images.pixels), torch.from_numpy(images.labels)

"""The pass of halves: the batch is cut in two, and each half is a forward and a backward of its own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zcrepro.networks.gradients import gradients
from zcrepro.networks.layers import weights
from zcrepro.networks.training import training
from zcrepro.networks.undefined import UndefinedScoreError
from zcrepro.proxies._base import Batch, Need

HALVES = 2


@dataclass(frozen=True)
class HalfGradients:
    """``gradients``: for each weighted layer the gradients of the cross-entropy of each half, stacked,
    (2, *weight). What no gradient reaches has a gradient of zero."""

    gradients: list[Tensor]


class HalvesPass:
    name = "halves"
    cost = "2.0"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> HalfGradients:
        del needs  # there is one thing to record
        if len(batch.labels) < HALVES:
            raise UndefinedScoreError("a batch of one has no two halves to compare")
        halves = zip(batch.images.tensor_split(HALVES), batch.labels.tensor_split(HALVES), strict=True)
        with training(model, seed):
            both = [_gradients(model, images, labels) for images, labels in halves]
        return HalfGradients([torch.stack(of_layer) for of_layer in zip(*both, strict=True)])


def _gradients(model: nn.Module, images: Tensor, labels: Tensor) -> list[Tensor]:
    return gradients(F.cross_entropy(model(images), labels), weights(model))


SPLIT = HalvesPass()

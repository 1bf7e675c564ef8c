"""The pass of single images: a forward and a backward for each image alone, in training mode."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zcrepro.networks.gradients import gradients
from zcrepro.networks.layers import weights
from zcrepro.networks.training import training
from zcrepro.proxies._base import Batch, Need


@dataclass(frozen=True)
class Signs:
    """``sums``: for each weighted layer the sum over images of the signs of its gradient, like the weight."""

    sums: list[Tensor]


class SingleImagePass:
    name = "single_images"
    cost = "4.0"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Signs:
        del needs  # there is one thing to record
        sums = [torch.zeros_like(weight) for weight in weights(model)]
        with training(model, seed):
            for image, label in zip(batch.images.split(1), batch.labels.split(1), strict=True):
                loss = F.cross_entropy(model(image), label)
                for total, gradient in zip(sums, gradients(loss, weights(model)), strict=True):
                    total += gradient.sign()
        return Signs(sums)


SINGLE_IMAGES = SingleImagePass()

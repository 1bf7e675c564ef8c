"""The pass of halves: the gradients of the two halves of the batch, each from a forward of its own.

ZiCo compares gradients between batches. Two halves give two batches for the cost of one, and the proxy sees
the images that all other proxies see. BatchNorm normalises each half by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import cross_entropy, logits
from zcrepro.networks.gradients import weight_gradients
from zcrepro.networks.layers import UsedWeights, required_layers
from zcrepro.networks.scalars import finite
from zcrepro.networks.training import training
from zcrepro.proxies.base import Batch, Need, Record

HALVES = 2


@dataclass(frozen=True)
class HalfGradients(Record):
    """The gradients of the cross-entropy of both halves.

    ``gradients`` has one tensor per weighted layer, (2, *weight), which is zero if no gradient reaches the
    weight.
    """

    gradients: list[Tensor]


class HalvesPass:
    name = "halves"
    records: frozenset[Need] = frozenset()
    cost = "2.0"
    reads_tokens = True

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> HalfGradients:
        del needs  # the record is the same for every proxy
        if len(batch.labels) < HALVES:
            raise UndefinedScoreError("a batch of one has no two halves to compare")
        halves = zip(batch.images.tensor_split(HALVES), batch.labels.tensor_split(HALVES), strict=True)
        used = UsedWeights(required_layers(model))
        with training(model, seed):
            both = [_gradients(model, used, images, labels) for images, labels in halves]
        # A weight whose gradient is not a number would be left out as if its gradients did not differ.
        if not finite(gradient for of_half in both for gradient in of_half):
            raise UndefinedScoreError("a gradient is not finite")
        return HalfGradients([torch.stack(of_layer) for of_layer in zip(*both, strict=True)])


def _gradients(model: nn.Module, used: UsedWeights, images: Tensor, labels: Tensor) -> list[Tensor]:
    with used.watched():
        loss = cross_entropy(logits(model, images), labels)
    return weight_gradients(loss, used)


SPLIT = HalvesPass()

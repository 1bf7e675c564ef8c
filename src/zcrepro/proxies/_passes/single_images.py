"""The pass of single images: the signs of the gradients of each image, from a forward of its own.

Images interact in BatchNorm, so their gradients cannot be separated from one forward of the batch. Each image
passes alone, in training mode, as in the released code of GradSign. Signs are added up image by
image, so that the gradients of one image are kept at a time.
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


@dataclass(frozen=True)
class Signs(Record):
    """The sums over images of the signs of gradients.

    ``sums`` has one tensor per weighted layer, of the shape of its weight.
    """

    sums: list[Tensor]


class SingleImagePass:
    name = "single_images"
    records: frozenset[Need] = frozenset()
    cost = "4.0"
    reads_tokens = True

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Signs:
        del needs  # the record is the same for every proxy
        used = UsedWeights(required_layers(model))
        with training(model, seed):
            sums = [torch.zeros_like(layer.weight) for layer in used.layers]
            are_finite = []
            for image, label in zip(batch.images.split(1), batch.labels.split(1), strict=True):
                with used.watched():
                    loss = cross_entropy(logits(model, image), label)
                of_image = weight_gradients(loss, used)
                are_finite.append(finite(of_image))
                for total, gradient in zip(sums, of_image, strict=True):
                    total += gradient.sign()
        # The sign of what is not a number is zero.
        if not torch.stack(are_finite).all():
            raise UndefinedScoreError("a gradient is not finite")
        return Signs(sums)


SINGLE_IMAGES = SingleImagePass()

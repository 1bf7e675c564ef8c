"""The pass of the neural tangent kernel: one forward in training mode, and one backward per image.

BatchNorm couples the images, so the gradients of single images cannot be separated from one backward. The
forward is shared, but each backward runs over the whole batch. The cost thus grows with the square of the
number of images, which is why they are few.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import logits
from zcrepro.networks.gradients import gradients, require_graph
from zcrepro.networks.training import training
from zcrepro.proxies.base import Batch, Need, Record

IMAGES = 16  # the default of the released code
UNITS = 100
"""Relative error of a gradient in units of the machine epsilon, as sums over positions leave it."""


@dataclass(frozen=True)
class TangentKernel(Record):
    """The neural tangent kernel of a few images.

    ``kernel`` is float64, (n, n): the inner products of the gradients of each image's summed logits with
    respect to all parameters named weight. ``rounding`` is the relative error of these gradients.
    """

    kernel: Tensor
    rounding: float


class TangentKernelPass:
    name = "tangent_kernel"
    records: frozenset[Need] = frozenset()
    cost = "3.7"
    reads_tokens = False

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> TangentKernel:
        del needs  # the record is the same for every proxy
        with training(model, seed):
            parameters = [p for name, p in model.named_parameters() if "weight" in name]
            if not parameters:
                raise UndefinedScoreError("the network has no weights")
            sums = logits(model, batch.images[:IMAGES]).sum(1)
            require_graph(sums)
            by_image = [gradients(total, parameters, retain_graph=True) for total in sums]
        by_parameter = zip(*by_image, strict=True)
        kernel = torch.stack([_gram(of_images) for of_images in by_parameter]).sum(0)
        return TangentKernel(kernel, UNITS * torch.finfo(sums.dtype).eps)


def _gram(of_images: tuple[Tensor, ...]) -> Tensor:
    """Return the inner products of the gradients of one parameter, (n, n) in float64.

    The kernel is the sum over parameters, so that one parameter at a time is converted to float64.
    """
    flat = torch.stack(of_images).flatten(1).double()
    return flat @ flat.T


TANGENT_KERNEL = TangentKernelPass()

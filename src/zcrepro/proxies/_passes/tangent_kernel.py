"""The pass of the tangent kernel: one forward of some images in training mode, and a backward for each.

BatchNorm couples the images, so that their gradients cannot be taken apart in one backward: the cost
grows with the square of their number."""

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
"""Of the last digit: what sums leave of error in a gradient."""


@dataclass(frozen=True)
class TangentKernel(Record):
    """``kernel``: float64 (n, n), the products of the gradients of the summed logits of each image;
    ``rounding``: the relative error of these gradients."""

    kernel: Tensor
    rounding: float


class TangentKernelPass:
    name = "tangent_kernel"
    records: frozenset[Need] = frozenset()
    cost = "3.7"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> TangentKernel:
        del needs  # there is one thing to record
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
    """The products of the gradients of one parameter, in float64."""
    flat = torch.stack(of_images).flatten(1).double()
    return flat @ flat.T


TANGENT_KERNEL = TangentKernelPass()

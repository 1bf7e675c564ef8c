"""The structural pass: counts that need no images, from one forward pass of a copy without data."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zcrepro.proxies._base import Batch, Need
from zcrepro.proxies._layers import weights


@dataclass(frozen=True)
class Structure:
    """``parameters``: how many; ``operations``: multiply-adds for one image; ``weights``: the tensors."""

    parameters: int
    operations: int
    weights: list[Tensor]


class StructuralPass:
    name = "structure"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Structure:
        del seed  # nothing is drawn
        return Structure(
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            operations=_operations(model, batch) if "operations" in needs else 0,
            weights=weights(model),
        )


def _operations(model: nn.Module, batch: Batch) -> int:
    """Multiply-adds of one image, counted on the meta device, where shapes are computed but no numbers."""
    hollow = deepcopy(model).to("meta").eval()
    counts: list[int] = []
    for module in hollow.modules():
        module.register_forward_hook(lambda m, args, out: counts.append(_count(m, args[0], out)))
    with torch.no_grad():
        hollow(torch.empty_like(batch.images[:1], device="meta"))
    return sum(counts)


def _count(module: nn.Module, inputs: Tensor, output: Tensor) -> int:
    """As tensorwatch counts, which NAS-Bench-Suite-Zero used: one for each multiply-add and
    activation, two for an affine BatchNorm, the window's area for pooling; nothing for the rest."""
    if isinstance(module, nn.Conv2d):
        per_output = module.weight[0].numel() + (module.bias is not None)
        return output.numel() * per_output
    if isinstance(module, nn.Linear):
        return inputs.numel() * module.out_features
    if isinstance(module, nn.BatchNorm2d):
        return inputs.numel() * (2 if module.affine else 1)
    if isinstance(module, nn.ReLU):
        return inputs.numel()
    if isinstance(module, nn.AvgPool2d | nn.MaxPool2d):
        return output.numel() * _area(module.kernel_size)
    if isinstance(module, nn.AdaptiveAvgPool2d):
        # One row and one column more than the window has: proved by the released counts.
        return output.numel() * (inputs.shape[-2] + 1) * (inputs.shape[-1] + 1)
    return 0


def _area(kernel: int | tuple[int, ...]) -> int:
    return kernel**2 if isinstance(kernel, int) else kernel[0] * kernel[1]


STRUCTURE = StructuralPass()

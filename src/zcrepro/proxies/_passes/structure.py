"""The structural pass: counts that depend on no values, from one forward pass of one image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zcrepro.proxies._base import Batch, Need
from zcrepro.proxies._layers import weights
from zcrepro.proxies._preserve import preserved

COUNTED = (
    nn.Conv2d,
    nn.Linear,
    nn.BatchNorm2d,
    nn.ReLU,
    nn.AvgPool2d,
    nn.MaxPool2d,
    nn.AdaptiveAvgPool2d,
)


@dataclass(frozen=True)
class Structure:
    """``parameters``: how many; ``operations``: multiply-adds for one image; ``weights``: the tensors."""

    parameters: int
    operations: int
    weights: list[Tensor]


class StructuralPass:
    name = "structure"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Structure:
        with preserved(model, seed), torch.no_grad():
            return Structure(
                parameters=sum(parameter.numel() for parameter in model.parameters()),
                operations=_operations(model, batch) if "operations" in needs else 0,
                weights=weights(model),
            )


def _operations(model: nn.Module, batch: Batch) -> int:
    """Multiply-adds of one image, in evaluation mode: BatchNorm may not see a batch of one otherwise."""
    model.eval()
    counts: list[int] = []

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        counts.append(_count(module, inputs[0], output))

    counted = [module for module in model.modules() if isinstance(module, COUNTED)]
    handles = [module.register_forward_hook(count) for module in counted]
    try:
        model(batch.images[:1])
    finally:
        for handle in handles:
            handle.remove()
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

"""Count the multiply-adds of one forward pass, in the two ways that the benchmarks published.

Only what modules of the listed classes compute is counted. What a network computes by functions is left out,
such as the products of attention.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from zcrepro.networks.functions import first_input
from zcrepro.networks.hooks import hooked

Count = Callable[[nn.Module, Tensor, Tensor], int]
"""What a module costs, by its first input and its output."""


def tensorwatch(model: nn.Module, images: Tensor) -> int:
    """Count as tensorwatch does, which NAS-Bench-Suite-Zero used.

    One for each multiply-add and activation, two for an affine BatchNorm, the window's area for pooling,
    nothing for the rest. A layer that is called several times counts once, by its last call.
    """
    return sum(dict(_calls(model, images, _tensorwatch)).values())


def multiply_adds(model: nn.Module, images: Tensor) -> int:
    """Count the products in all convolutions and linear layers, as most papers do."""
    return counted(model, images, _products)


def counted(model: nn.Module, images: Tensor, count: Count) -> int:
    """Return the sum over all calls of layers for ``images``."""
    return sum(cost for _, cost in _calls(model, images, count))


@torch.no_grad()
def _calls(model: nn.Module, images: Tensor, count: Count) -> list[tuple[nn.Module, int]]:
    """List each layer that is called, and its cost.

    In evaluation mode, since BatchNorm may not see a batch of one otherwise. Works on the meta device, where
    nothing is computed.
    """
    model.eval()
    calls: list[tuple[nn.Module, int]] = []

    def add(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        calls.append((module, count(module, first_input(args, kwargs), output)))

    layers = [module for module in model.modules() if isinstance(module, COUNTED)]
    with hooked(layer.register_forward_hook(add, with_kwargs=True) for layer in layers):
        model(images)
    return calls


COUNTED = (
    nn.Conv2d,
    nn.Linear,
    nn.BatchNorm2d,
    nn.ReLU,
    nn.LeakyReLU,
    nn.AvgPool2d,
    nn.MaxPool2d,
    nn.AdaptiveAvgPool2d,
)


def _tensorwatch(module: nn.Module, inputs: Tensor, output: Tensor) -> int:
    if isinstance(module, nn.Conv2d):
        per_output = module.weight[0].numel() + (module.bias is not None)
        return output.numel() * per_output
    if isinstance(module, nn.Linear):
        return inputs.numel() * module.out_features
    if isinstance(module, nn.BatchNorm2d):
        return inputs.numel() * (2 if module.affine else 1)
    if isinstance(module, nn.ReLU | nn.LeakyReLU):
        return inputs.numel()
    if isinstance(module, nn.AvgPool2d | nn.MaxPool2d):
        return output.numel() * _area(module.kernel_size)
    if isinstance(module, nn.AdaptiveAvgPool2d):
        # One row and one column more than the window has: proved by the released counts.
        return output.numel() * (inputs.shape[-2] + 1) * (inputs.shape[-1] + 1)
    return 0


def _products(module: nn.Module, inputs: Tensor, output: Tensor) -> int:
    if isinstance(module, nn.Conv2d):
        return output.numel() * module.weight[0].numel()
    if isinstance(module, nn.Linear):
        return inputs.numel() * module.out_features
    return 0


def _area(kernel: int | tuple[int, ...]) -> int:
    return kernel**2 if isinstance(kernel, int) else kernel[0] * kernel[1]

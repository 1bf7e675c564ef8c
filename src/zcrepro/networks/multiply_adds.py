"""Count the multiply-adds of one forward pass, in the two ways that benchmarks have published.

Only the modules of the classes in ``COUNTED`` are counted. Computation by functions, such as the products of
attention, is not.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zcrepro.networks.functions import Intercepted, first_input, identity
from zcrepro.networks.hooks import hooked

Count = Callable[[nn.Module, Tensor, Tensor], int]
"""Maps a module, its first input and its output to the cost of the call."""


def tensorwatch(model: nn.Module, images: Tensor) -> int:
    """Count multiply-adds as tensorwatch does, the tool of NAS-Bench-Suite-Zero.

    Convolutions and linear layers cost one per multiply-add, ReLU and LeakyReLU one per element, BatchNorm
    one per element, or two if it is affine, and pooling the area of its window per output. Other modules
    cost nothing. A module that is called several times is counted once, by its last call.
    """
    return sum(dict(_calls(model, images, _tensorwatch)).values())


def multiply_adds(model: nn.Module, images: Tensor) -> int:
    """Count the multiply-adds of all convolutions and linear layers, as most papers do."""
    return counted(model, images, _products)


def counted(model: nn.Module, images: Tensor, count: Count) -> int:
    """Return the sum of ``count`` over all calls of counted modules in a forward of ``images``."""
    return sum(cost for _, cost in _calls(model, images, count))


@torch.no_grad()
def _calls(model: nn.Module, images: Tensor, count: Count) -> list[tuple[nn.Module, int]]:
    """Return each call of a counted module and its cost, in the order of the calls.

    The network runs in evaluation mode, because BatchNorm refuses a batch of one in training mode. It may be
    on the meta device, where shapes are propagated but nothing is computed.
    """
    model.eval()
    calls: list[tuple[nn.Module, int]] = []

    def add(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        calls.append((module, count(module, first_input(args, kwargs), output)))

    layers = [module for module in model.modules() if isinstance(module, COUNTED)]
    with (
        # A BatchNorm changes no shape, and takes milliseconds on the meta device.
        Intercepted({F.batch_norm: identity} if images.is_meta else {}),
        hooked(layer.register_forward_hook(add, with_kwargs=True) for layer in layers),
    ):
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
        # tensorwatch adds one row and one column to the window; the published counts confirm it.
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

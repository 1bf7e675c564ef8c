"""Parameters and multiply-adds of networks on torch's meta device, which has no memory and computes nothing."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def parameters(make: Callable[[], nn.Module]) -> int:
    """The trainable parameters of the network that ``make`` describes."""
    with torch.device("meta"):
        network = make()
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


@torch.no_grad()
def multiply_adds(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> int:
    """The multiplications of all convolutions and linear layers, for one example of ``shape``.

    The usual count of the NDS authors (Radosavovic et al., ICCV 2019): biases, BatchNorm,
    activations and pooling count nothing.
    """
    with torch.device("meta"):
        network = make().eval()
        example = torch.empty(1, *shape)
    total = 0

    def count(module: nn.Module, _: Any, output: Tensor) -> None:
        nonlocal total
        weight: Tensor = module.weight  # type: ignore[assignment]
        total += weight[0].numel() * output.numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    network(example)
    return total

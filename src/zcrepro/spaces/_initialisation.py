"""Apply torch's default initialisation from named random streams instead of the global generator."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from zcrepro import seeds

SeedOf = Callable[[str], int]
"""Maps the name of a tensor, for example ``cells.3.edge01.conv.weight``, to its seed."""


def build(make: Callable[[], nn.Module], seed_of: SeedOf, device: str = "cpu") -> nn.Module:
    """Return the network that ``make`` builds, with each weight drawn from ``seed_of`` of its name.

    torch neither draws from the global generator nor initialises the weights twice. Weights are drawn on the
    CPU, so that they do not depend on ``device``.
    """
    with _Uninitialised():
        network = make()
    network = network.to(device)
    for prefix, module in network.named_modules():
        initialise(module, lambda name, prefix=prefix: seed_of(f"{prefix}.{name}"))  # type: ignore[misc]
    return network


class _Uninitialised(TorchFunctionMode):
    """Replaces the functions of ``torch.nn.init`` by ones that leave the tensor as it is.

    The meta device would avoid initialisation as well, but importing what it needs takes half a second.
    """

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        named = kwargs or {}
        if getattr(function, "__module__", "") == nn.init.__name__:
            return args[0] if args else named["tensor"]
        return function(*args, **named)


def initialise(module: nn.Module, seed_of: SeedOf) -> None:
    """Apply torch's default initialisation to the parameters of one module, not of its children.

    Weights and biases of Conv2d, ConvTranspose2d and Linear are drawn from U(-b, b) with b = 1 / sqrt(fan
    in). As in torch, the fan in of a ConvTranspose2d is the size of ``weight[0]``. BatchNorm2d gets ones and
    zeros. Raises TypeError for any other module with parameters.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        bound = module.weight[0].numel() ** -0.5
        for name, parameter in module.named_parameters(recurse=False):
            generator = torch.Generator().manual_seed(seed_of(name))
            draw = torch.empty(parameter.shape).uniform_(-bound, bound, generator=generator)
            parameter.data.copy_(draw)
    elif isinstance(module, nn.BatchNorm2d):
        module.reset_parameters()  # constants: no random numbers are drawn
    elif next(module.parameters(recurse=False), None) is not None:
        raise TypeError(f"no default initialisation is defined for {type(module).__name__}")


def named_seed(*key: str | int) -> SeedOf:
    """Return a function that derives the seed of a tensor from ``key`` and the tensor's name."""
    return lambda name: seeds.derive(*key, name)

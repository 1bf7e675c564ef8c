"""torch's default initialisation, drawn from named streams instead of the global generator."""

from collections.abc import Callable

import torch
from torch import nn

from zcrepro import seeds

SeedOf = Callable[[str], int]
"""The seed of the tensor with a given name, for example ``cells.3.edge01.conv.weight``."""


def build(make: Callable[[], nn.Module], seed_of: SeedOf, device: str = "cpu") -> nn.Module:
    """The network that ``make`` describes, its weights drawn tensor by tensor from ``seed_of(name)``.

    It is built on the meta device first, so that torch neither draws from the global generator
    nor fills memory twice. Draws are on the CPU, so that a GPU gets the same weights.
    """
    with torch.device("meta"):
        network = make()
    network = network.to_empty(device=device)
    for prefix, module in network.named_modules():
        initialise(module, lambda name, prefix=prefix: seed_of(f"{prefix}.{name}"))  # type: ignore[misc]
    return network


def initialise(module: nn.Module, seed_of: SeedOf) -> None:
    """torch's default weights of one module.

    U(-b, b) with b = 1/sqrt(fan in) for the weights and biases of Conv2d, ConvTranspose2d (whose fan
    in, to torch, is that of the first axis too) and Linear; ones and zeros for BatchNorm2d. Raises
    TypeError for any other module with parameters of its own.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        bound = module.weight[0].numel() ** -0.5
        for name, parameter in module.named_parameters(recurse=False):
            generator = torch.Generator().manual_seed(seed_of(name))
            draw = torch.empty(parameter.shape).uniform_(-bound, bound, generator=generator)
            parameter.data.copy_(draw)
    elif isinstance(module, nn.BatchNorm2d):
        module.reset_parameters()  # ones and zeros: draws nothing
    elif next(module.parameters(recurse=False), None) is not None:
        raise TypeError(f"no default initialisation is defined for {type(module).__name__}")


def named_seed(*key: str | int) -> SeedOf:
    """Seeds that depend on ``key`` and on the tensor's name alone."""
    return lambda name: seeds.derive(*key, name)

"""Find the blocks of a network, such as its stem, its cells and its head.

A block is what remains if the network and its plain nn.Sequential and nn.ModuleList containers are
unfolded. Blocks therefore follow from how modules are nested. A module that only wraps one other module is
unfolded too.
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from zcrepro.networks.forward import logits
from zcrepro.networks.hooks import hooked

CONTAINERS = (nn.Sequential, nn.ModuleList)


def blocks(model: nn.Module) -> list[nn.Module]:
    """Return every block once, in the order of ``model.children()``."""
    children = list(model.children())
    if len(children) == 1:
        return blocks(children[0])
    return list(dict.fromkeys(_unfolded(children))) or [model]


def reductions(model: nn.Module, images: Tensor) -> list[nn.Module]:
    """Return the blocks whose 4-d output has fewer positions than their input, in a forward of ``images``."""
    found: list[nn.Module] = []

    def add(block: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        before, after = (_positions(tensor) for tensor in (inputs[0] if inputs else None, output))
        if before and after and after < before:
            found.append(block)

    with torch.no_grad(), hooked(block.register_forward_hook(add) for block in blocks(model)):
        logits(model, images)
    return found


def _unfolded(modules: Iterable[nn.Module]) -> Iterator[nn.Module]:
    for module in modules:
        if type(module) in CONTAINERS:
            yield from _unfolded(module.children())
        else:
            yield module


def _positions(output: object) -> int | None:
    """Return height times width of a 4-d feature map, and None for anything else."""
    return output[0, 0].numel() if isinstance(output, Tensor) and output.dim() == 4 else None

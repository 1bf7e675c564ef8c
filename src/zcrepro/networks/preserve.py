"""Leaves a model as it was found: mode, buffers, gradient flags, in-place layers and generators."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import cached


@contextmanager
def preserved(model: nn.Module, seed: int) -> Iterator[None]:
    """Training mode with gradients and without in-place activations, from ``seed``; then all as before.

    In-place activations would overwrite the outputs that hooks keep. Parameters are never
    written to, and gradients are taken with ``torch.autograd.grad``, so ``.grad`` stays as it was.
    """
    modules = list(model.modules())
    training = [module.training for module in modules]
    in_place = [module for module in modules if getattr(module, "inplace", False) is True]
    frozen = [parameter for parameter in model.parameters() if not parameter.requires_grad]
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    devices = {p.device for p in model.parameters() if p.device.type == "cuda"}
    try:
        model.train()
        for module in in_place:
            module.inplace = False  # type: ignore[assignment]
        for parameter in frozen:
            parameter.requires_grad_(True)
        with torch.random.fork_rng(devices=devices), torch.enable_grad(), cached():
            torch.manual_seed(seed)
            yield
    finally:
        for module, mode in zip(modules, training, strict=True):
            module.training = mode
        for module in in_place:
            module.inplace = True  # type: ignore[assignment]
        for parameter in frozen:
            parameter.requires_grad_(False)
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)


@contextmanager
def substituted(model: nn.Module, tensors: Mapping[int, Tensor]) -> Iterator[None]:
    """Other tensors in the place of parameters and buffers, named by the id of what they replace.

    torch.func.functional_call does the same, but leaves a module that is registered twice changed.
    """
    places = [module._parameters for module in model.modules()] + [m._buffers for m in model.modules()]
    before = [(place, dict(place)) for place in places]
    try:
        for place, own in before:
            place.update({name: tensors[id(tensor)] for name, tensor in own.items() if id(tensor) in tensors})  # type: ignore[misc]
        yield
    finally:
        for place, own in before:
            place.update(own)  # type: ignore[arg-type]


@contextmanager
def rerouted(forwards: Mapping[nn.Module, Callable[[Tensor], Tensor]]) -> Iterator[None]:
    """Other functions in the place of the ``forward`` of modules; hooks stay and run."""
    before = {module: module.__dict__.get("forward") for module in forwards}
    try:
        for module, forward in forwards.items():
            module.forward = forward
        yield
    finally:
        for module, own in before.items():
            module.__dict__.pop("forward", None)
            if own is not None:
                module.forward = own


def own_tensors(model: nn.Module) -> list[Tensor]:
    """Every parameter and buffer once."""
    return list({id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}.values())

"""Leaves a model as it was found: mode, buffers, gradient flags, in-place layers and generators."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


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
        with torch.random.fork_rng(devices=devices), torch.enable_grad():
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

"""The SynFlow pass: one image of ones through absolute weights, in float64, without BatchNorm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from zcrepro.proxies._base import Batch, Need
from zcrepro.proxies._layers import weighted_layers
from zcrepro.proxies._preserve import preserved


@dataclass(frozen=True)
class Saliencies:
    """``saliencies``: the sum of absolute weight times gradient of each weighted layer that counts."""

    saliencies: list[float]


class SynflowPass:
    name = "synflow"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Saliencies:
        del needs  # there is one thing to record
        names = {module: name for name, module in model.named_modules()}
        weight_names = [f"{names[layer]}.weight".removeprefix(".") for layer in weighted_layers(model)]
        tensors = {name: _absolute(tensor) for name, tensor in model.state_dict(keep_vars=True).items()}
        weights = [tensors[name].requires_grad_() for name in weight_names]
        ones = torch.ones_like(batch.images[:1], dtype=torch.float64)
        with preserved(model, seed), _without_batchnorm(model):
            total = functional_call(model, tensors, (ones,)).sum()
            gradients = torch.autograd.grad(total, weights, allow_unused=True)
        reached = zip(weights, gradients, strict=True)
        return Saliencies([float((w.detach() * g).abs().sum()) for w, g in reached if g is not None])


def _absolute(tensor: Tensor) -> Tensor:
    detached = tensor.detach()
    return detached.double().abs() if detached.is_floating_point() else detached.clone()


@contextmanager
def _without_batchnorm(model: nn.Module) -> Iterator[None]:
    """Every BatchNorm2d passes its input through."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    before = [norm.__dict__.get("forward") for norm in norms]
    try:
        for norm in norms:
            norm.forward = lambda x: x  # type: ignore[method-assign, assignment]
        yield
    finally:
        for norm, forward in zip(norms, before, strict=True):
            del norm.forward
            if forward is not None:
                norm.forward = forward  # type: ignore[method-assign]


SYNFLOW = SynflowPass()

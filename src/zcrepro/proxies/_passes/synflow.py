"""The SynFlow pass: one image of ones through absolute weights, in float64, without BatchNorm.

Other norms stay: the definition says nothing of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from zcrepro.proxies._base import Batch, Need, UndefinedScoreError
from zcrepro.proxies._layers import weighted_layers
from zcrepro.proxies._preserve import own_tensors, preserved, rerouted, substituted


@dataclass(frozen=True)
class Saliencies:
    """``saliencies``: the sum of absolute weight times gradient of each weighted layer that counts."""

    saliencies: list[float]


class SynflowPass:
    name = "synflow"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Saliencies:
        del needs  # there is one thing to record
        tensors = {id(tensor): _absolute(tensor) for tensor in own_tensors(model)}
        layers = weighted_layers(model)
        if any(id(layer.weight) not in tensors for layer in layers):
            raise UndefinedScoreError("a weight is computed from others, so its absolute value cannot be set")
        weights = [tensors[id(layer.weight)].requires_grad_() for layer in layers]
        ones = torch.ones_like(batch.images[:1], dtype=torch.float64)
        with preserved(model, seed), substituted(model, tensors), rerouted(_without_norms(model)):
            _without_dropout(model)
            total = model(ones).sum()
            gradients = torch.autograd.grad(total, weights, allow_unused=True)
        reached = zip(weights, gradients, strict=True)
        return Saliencies([float((w.detach() * g).abs().sum()) for w, g in reached if g is not None])


def _absolute(tensor: Tensor) -> Tensor:
    detached = tensor.detach()
    return detached.double().abs() if detached.is_floating_point() else detached.clone()


def _without_norms(model: nn.Module) -> dict[nn.Module, Callable[[Tensor], Tensor]]:
    """A ``forward`` for each BatchNorm that passes its input through."""
    return {module: lambda x: x for module in model.modules() if isinstance(module, _BatchNorm)}


def _without_dropout(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, _DropoutNd):
            module.eval()


SYNFLOW = SynflowPass()

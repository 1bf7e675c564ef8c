"""The SynFlow pass: one image of ones through absolute weights, in float64, and the gradient of each weight.

There are three: SYNFLOW passes every BatchNorm by, SYNFLOW_WITH_NORMS none, and SYNFLOW_WITH_REDUCTIONS those
outside of the blocks that reduce the resolution. Those that stay are in training mode. Other norms always
stay: the definition says nothing of them. Dropout drops nothing.

An image of ones makes many feature maps constant. A normalisation subtracts the constant, and divides what
is left, which is rounding, by the root of its epsilon; several of them in a row make the rounding as large as
the flow. So a network that normalises runs a second time, on an image that differs from ones by some hundred
roundings, and has no score if most of its flow changes.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.dropout import _DropoutNd

from zcrepro.proxies._base import Batch, Need, UndefinedScoreError
from zcrepro.proxies._blocks import reductions
from zcrepro.proxies._differentiate import gradients
from zcrepro.proxies._layers import weighted_layers
from zcrepro.proxies._preserve import own_tensors, rerouted, substituted
from zcrepro.proxies._scalars import on_host
from zcrepro.proxies._statistics import training

NORMALISATIONS = (_NormBase, nn.GroupNorm, nn.LayerNorm)

DISTURBANCE = 1e-13
"""The most that is added to a pixel: some hundred roundings, so that a processor's own do not decide."""

MOST = 0.5
"""The share of the flow that may change. Of random networks of ten spaces it is above 0.7 in some and below
1e-4 in the others, except in a few of NAS-Bench-101."""

Kept = Callable[[nn.Module, Tensor], Iterable[nn.Module]]
"""Which modules of a network keep their BatchNorm, by the network and the image of ones."""


@dataclass(frozen=True)
class Flow:
    """Of each weighted layer the absolute ``weights`` and the ``gradients`` of the sum of the logits."""

    weights: list[Tensor]
    gradients: list[Tensor]

    def saliency(self) -> float:
        """The sum over all weights of weight times absolute gradient."""
        pairs = zip(self.weights, self.gradients, strict=True)
        return sum(on_host((weight * gradient.abs()).sum() for weight, gradient in pairs))


class SynflowPass:
    """``kept``: the modules inside which BatchNorm stays."""

    def __init__(self, name: str, kept: Kept) -> None:
        self.name = name
        self.kept = kept

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Flow:
        del needs  # there is one thing to record
        tensors = {id(tensor): _absolute(tensor) for tensor in own_tensors(model)}
        layers = weighted_layers(model)
        if any(id(layer.weight) not in tensors for layer in layers):
            raise UndefinedScoreError("a weight is computed from others, so its absolute value cannot be set")
        weights = [tensors[id(layer.weight)].requires_grad_() for layer in layers]
        ones = torch.ones_like(batch.images[:1], dtype=torch.float64)
        with training(model, seed), substituted(model, tensors):
            _without_dropout(model)
            with rerouted(_norms_passed_by(model)):
                kept = self.kept(model, ones)
            passed_by = _norms_passed_by(model, kept)
            with rerouted(passed_by):
                flow = _flow(model, ones, weights)
                if _normalises(model, passed_by):
                    _require_stable(flow, _flow(model, _disturbed(ones), weights))
        return flow


def _flow(model: nn.Module, image: Tensor, weights: list[Tensor]) -> Flow:
    found = gradients(model(image).sum(), weights)
    return Flow([weight.detach() for weight in weights], found)


def _disturbed(ones: Tensor) -> Tensor:
    """Return the image with a different tiny number added to each pixel."""
    generator = torch.Generator().manual_seed(0)
    return ones + DISTURBANCE * torch.rand(ones.shape, generator=generator, dtype=ones.dtype).to(ones.device)


def _normalises(model: nn.Module, passed_by: Container[nn.Module]) -> bool:
    """Return whether a normalisation is left that is not passed by."""
    return any(isinstance(module, NORMALISATIONS) and module not in passed_by for module in model.modules())


def _require_stable(flow: Flow, disturbed: Flow) -> None:
    """Raise if most of the flow changes. A flow of zero that stays zero, as without any path, is stable."""
    pairs = zip(flow.gradients, disturbed.gradients, strict=True)
    changes = Flow(flow.weights, [before - after for before, after in pairs])
    if changes.saliency() > MOST * flow.saliency():
        raise UndefinedScoreError("a normalisation sees a constant: the flow is rounding errors alone")


def _absolute(tensor: Tensor) -> Tensor:
    detached = tensor.detach()
    return detached.double().abs() if detached.is_floating_point() else detached.clone()


def _norms_passed_by(
    model: nn.Module, kept: Iterable[nn.Module] = ()
) -> dict[nn.Module, Callable[[Tensor], Tensor]]:
    """A ``forward`` that passes its input through for each BatchNorm outside of the ``kept`` modules."""
    stay = {module for outer in kept for module in outer.modules()}
    norms = {module for module in model.modules() if isinstance(module, _BatchNorm)}
    return {norm: lambda x: x for norm in norms - stay}


def _without_dropout(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, _DropoutNd):
            module.eval()


SYNFLOW = SynflowPass("synflow", lambda _model, _image: [])
SYNFLOW_WITH_NORMS = SynflowPass("synflow_with_norms", lambda model, _image: [model])
SYNFLOW_WITH_REDUCTIONS = SynflowPass("synflow_with_reductions", reductions)

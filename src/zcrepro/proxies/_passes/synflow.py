"""The SynFlow pass: one image of ones through absolute weights, in float64, and the gradient of each weight.

There are three: SYNFLOW passes every BatchNorm by, SYNFLOW_WITH_NORMS none, and SYNFLOW_WITH_REDUCTIONS those
outside of the blocks that reduce the resolution. Those that stay are in training mode. Other norms always
stay: the definition says nothing of them.

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
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase

from zcrepro.networks.blocks import reductions
from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import logits
from zcrepro.networks.functions import Intercepted, identity
from zcrepro.networks.gradients import gradients, require_graph
from zcrepro.networks.layers import owns_weight, required_layers
from zcrepro.networks.preserve import own_tensors, rerouted, substituted
from zcrepro.networks.scalars import on_host
from zcrepro.networks.training import training
from zcrepro.proxies.base import Batch, Need, Record

NORMALISATIONS = (_NormBase, nn.GroupNorm, nn.LayerNorm)

DISTURBANCE = 1e-13
"""The most that is added to a pixel: some hundred roundings, so that a processor's own do not decide."""

MOST = 0.5
"""The share of the flow that may change. Of random networks of ten spaces it is above 0.7 in some and below
1e-4 in the others, except in a few of NAS-Bench-101."""

Kept = Callable[[nn.Module, Tensor], Iterable[nn.Module]]
"""Which modules of a network keep their BatchNorm, by the network and the image of ones."""


@dataclass(frozen=True)
class Flow(Record):
    """Of each weighted layer the absolute ``weights`` and the ``gradients`` of the sum of the logits."""

    weights: list[Tensor]
    gradients: list[Tensor]

    def saliency(self) -> float:
        """The sum over all weights of weight times absolute gradient."""
        pairs = zip(self.weights, self.gradients, strict=True)
        return sum(on_host((weight * gradient.abs()).sum() for weight, gradient in pairs))


class SynflowPass:
    """``kept``: the modules inside which BatchNorm stays."""

    records: frozenset[Need] = frozenset()
    cost = "0.1"

    def __init__(self, name: str, kept: Kept) -> None:
        self.name = name
        self.kept = kept

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Flow:
        del needs  # there is one thing to record
        tensors = {id(tensor): _absolute(tensor) for tensor in own_tensors(model)}
        layers = required_layers(model)
        if not all(owns_weight(layer) for layer in layers):
            raise UndefinedScoreError("a weight is computed from others, so its absolute value cannot be set")
        weights = [tensors[id(layer.weight)].requires_grad_() for layer in layers]
        ones = torch.ones_like(batch.images[:1], dtype=torch.float64)
        with training(model, seed), substituted(model, tensors):
            with rerouted(_norms_passed_by(model)):
                kept = self.kept(model, ones)
            passed_by = _norms_passed_by(model, kept)
            with rerouted(passed_by):
                flow = _flow(model, ones, weights)
                if _normalises(model, passed_by):
                    _require_stable(flow, _flow(model, _disturbed(ones), weights))
        return flow


def _flow(model: nn.Module, image: Tensor, weights: list[Tensor]) -> Flow:
    flow = logits(model, image).sum()
    require_graph(flow)
    return Flow([weight.detach() for weight in weights], gradients(flow, weights))


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
    """Return a ``forward`` without its normalisation for each BatchNorm outside of the ``kept`` modules."""
    stay = {module for outer in kept for module in outer.modules()}
    norms = {module for module in model.modules() if isinstance(module, _BatchNorm)}
    return {norm: _without_normalisation(norm) for norm in norms - stay}


def _without_normalisation(norm: _BatchNorm) -> Callable[[Tensor], Tensor]:
    """Return what is left of the forward: nothing, or what a subclass does besides, such as an activation."""
    stock = norm.forward

    def forward(input: Tensor) -> Tensor:
        with Intercepted({F.batch_norm: identity, torch.batch_norm: identity}):
            return stock(input)

    return forward


SYNFLOW = SynflowPass("synflow", lambda _model, _image: [])
SYNFLOW_WITH_NORMS = SynflowPass("synflow_with_norms", lambda model, _image: [model])
SYNFLOW_WITH_REDUCTIONS = SynflowPass("synflow_with_reductions", reductions)

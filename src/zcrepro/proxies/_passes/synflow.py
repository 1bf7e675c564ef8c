"""The SynFlow pass: the gradient of the flow of an image of ones through absolute weights, in float64.

The flow R is the sum of the logits (Tanaka et al., SynFlow, NeurIPS 2020). Three variants differ in
their treatment of BatchNorm. SYNFLOW bypasses every BatchNorm, SYNFLOW_WITH_NORMS none, and
SYNFLOW_WITH_REDUCTIONS all except those inside blocks that reduce the resolution. BatchNorms that stay are
in training mode. Other normalisations always stay, because no definition says otherwise.

The image of ones makes many feature maps constant. A normalisation then subtracts the constant and divides
the rest, which is rounding errors, by the square root of its epsilon. Several of these in a row make
rounding errors as large as the flow. Therefore a network with normalisations runs a second time, on an
image that differs from ones by some hundred roundings. If most of the flow changes, the score is undefined.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase

from zcrepro.networks.blocks import reductions
from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import logits
from zcrepro.networks.functions import Intercepted, first_input
from zcrepro.networks.gradients import gradients, require_graph
from zcrepro.networks.layers import owns_weight, required_layers
from zcrepro.networks.preserve import own_tensors, rerouted, substituted
from zcrepro.networks.scalars import on_host
from zcrepro.networks.tokens import are_tokens, only, vectors_replaced
from zcrepro.networks.training import training
from zcrepro.proxies.base import Batch, Need, Record

NORMALISATIONS = (_NormBase, nn.GroupNorm, nn.LayerNorm)

DISTURBANCE = 1e-13
"""Largest number added to a pixel: some hundred roundings of float64.

The disturbance exceeds the rounding errors by which processors differ, so that these do not decide."""

MOST = 0.5
"""Largest share of the flow that may change.

In random networks of ten search spaces the share is either above 0.7 or below 1e-4, except in a few of
NAS-Bench-101."""

Kept = Callable[[nn.Module, Tensor], Iterable[nn.Module]]
"""Maps a network and the image of ones to the modules inside which BatchNorm stays."""


@dataclass(frozen=True)
class Flow(Record):
    """Absolute ``weights``, and the ``gradients`` of the flow with respect to them, in float64.

    Both have one tensor per weighted layer, of the shape of its weight.
    """

    weights: list[Tensor]
    gradients: list[Tensor]

    def saliency(self) -> float:
        """Return the sum over all weights of the weight times its absolute gradient."""
        pairs = zip(self.weights, self.gradients, strict=True)
        return sum(on_host((weight * gradient.abs()).sum() for weight, gradient in pairs))


class SynflowPass:
    """A variant of SynFlow. ``kept`` returns the modules that keep their BatchNorm layers."""

    records: frozenset[Need] = frozenset()
    cost = "0.1"
    reads_tokens = True

    def __init__(self, name: str, kept: Kept) -> None:
        self.name = name
        self.kept = kept

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Flow:
        del needs  # the record is the same for every proxy
        tensors = {id(tensor): _absolute(tensor) for tensor in own_tensors(model)}
        layers = required_layers(model)
        if not all(owns_weight(layer) for layer in layers):
            raise UndefinedScoreError("a weight is computed from others, so its absolute value cannot be set")
        weights = [tensors[id(layer.weight)].requires_grad_() for layer in layers]
        ones = _ones(batch.images)
        with training(model, seed), substituted(model, tensors):
            with rerouted(_norms_passed_by(model)):
                kept = self.kept(model, ones)
            passed_by = _norms_passed_by(model, kept)
            with rerouted(passed_by):
                flow = _flow(model, ones, weights)
                if _normalises(model, passed_by):
                    _require_stable(flow, _flow(model, ones, weights, _disturbed))
        return flow


def _ones(images: Tensor) -> Tensor:
    """Return an image of ones in float64. Tokens are returned as they are, see ``_flow``."""
    return images[:1] if are_tokens(images) else torch.ones_like(images[:1], dtype=torch.float64)


def _flow(
    model: nn.Module,
    ones: Tensor,
    weights: list[Tensor],
    changed: Callable[[Tensor], Tensor] = lambda ones: ones,
) -> Flow:
    """Return the flow of ones, ``changed``. In place of tokens, the network reads vectors of ones."""
    if not are_tokens(ones):
        return _gradients(logits(model, changed(ones)), weights)
    seen: list[Tensor] = []

    def replaced(vectors: Tensor) -> Tensor:
        seen.append(vectors)
        return changed(torch.ones_like(vectors))

    with vectors_replaced(replaced):
        outputs = logits(model, ones)
    only(seen)
    return _gradients(outputs, weights)


def _gradients(outputs: Tensor, weights: list[Tensor]) -> Flow:
    flow = outputs.sum()
    require_graph(flow)
    return Flow([weight.detach() for weight in weights], gradients(flow, weights))


def _disturbed(ones: Tensor) -> Tensor:
    """Return the image with a number below DISTURBANCE added to each pixel, drawn from a fixed seed."""
    generator = torch.Generator().manual_seed(0)
    return ones + DISTURBANCE * torch.rand(ones.shape, generator=generator, dtype=ones.dtype).to(ones.device)


def _normalises(model: nn.Module, passed_by: Container[nn.Module]) -> bool:
    """Return whether there is a normalisation that is not bypassed."""
    return any(isinstance(module, NORMALISATIONS) and module not in passed_by for module in model.modules())


def _require_stable(flow: Flow, disturbed: Flow) -> None:
    """Raise UndefinedScoreError if most of the flow changes.

    A network without any path has a flow of zero, which stays zero and is stable.
    """
    pairs = zip(flow.gradients, disturbed.gradients, strict=True)
    changes = Flow(flow.weights, [before - after for before, after in pairs])
    if changes.saliency() > MOST * flow.saliency():
        raise UndefinedScoreError("a normalisation sees a constant: the flow is rounding errors alone")


def _absolute(tensor: Tensor) -> Tensor:
    """Return the absolute values in float64; integers, such as counters of batches, are copied."""
    detached = tensor.detach()
    return detached.double().abs() if detached.is_floating_point() else detached.clone()


def _norms_passed_by(
    model: nn.Module, kept: Iterable[nn.Module] = ()
) -> dict[nn.Module, Callable[[Tensor], Tensor]]:
    """Return a ``forward`` without normalisation for each BatchNorm that is not inside a ``kept`` module."""
    stay = {module for outer in kept for module in outer.modules()}
    norms = {module for module in model.modules() if isinstance(module, _BatchNorm)}
    return {norm: _without_normalisation(norm) for norm in norms - stay}


def _without_normalisation(norm: _BatchNorm) -> Callable[[Tensor], Tensor]:
    """Return the forward of ``norm`` without its normalisation.

    For nn.BatchNorm2d this is a copy. A subclass may do more, such as apply an activation; that
    remains.
    """
    stock = norm.forward

    def forward(input: Tensor) -> Tensor:
        with Intercepted({F.batch_norm: _copied, torch.batch_norm: _copied}):
            return stock(input)

    return forward


def _copied(*args: Any, **kwargs: Any) -> Tensor:
    """Return a copy of the first input, which an activation in place that follows must not change."""
    copied: Tensor = first_input(args, kwargs).clone()
    return copied


SYNFLOW = SynflowPass("synflow", lambda _model, _image: [])
SYNFLOW_WITH_NORMS = SynflowPass("synflow_with_norms", lambda model, _image: [model])
SYNFLOW_WITH_REDUCTIONS = SynflowPass("synflow_with_reductions", reductions)

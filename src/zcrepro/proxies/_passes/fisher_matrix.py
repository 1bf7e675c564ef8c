"""The pass of the Fisher matrix: the Jacobian of the logits with respect to one weight per parameter tensor.

Noise runs through Kaiming weights (Tybl and Neumann, VKDNW, CVPR 2025). A backward per image and class
would give the Jacobian, but also the gradients of all other weights. Instead, the output of each module is
shifted, image by image, along its derivative with respect to the one weight, by a step of size zero. The
shift changes no output, and the gradients with respect to the steps are the Jacobian. So one backward per
class serves all images, and no gradient of a whole weight is computed.

This needs images that do not interact. In evaluation mode they do not, and a BatchNorm in its initial state
is the identity up to its epsilon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map_only

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import logits
from zcrepro.networks.gradients import gradients, require_graph
from zcrepro.networks.hooks import hooked
from zcrepro.networks.preserve import substituted
from zcrepro.networks.redrawn import kaiming_weights, noise_like
from zcrepro.networks.training import evaluation
from zcrepro.proxies.base import Batch, Need, Record

PARAMETERS = 128  # the default of the released code
SMOOTHING = 0.05

Steps = Mapping[int, Tensor]
"""One step per image along the first element of a parameter, (n,), by the id of the parameter."""


@dataclass(frozen=True)
class FisherMatrix(Record):
    """The Fisher information of a subset of the weights.

    ``matrix`` is float64, (p, p), for the first element of each of the first p parameter tensors.
    """

    matrix: Tensor


class FisherMatrixPass:
    name = "fisher_matrix"
    records: frozenset[Need] = frozenset()
    cost = "1.1 per class"
    reads_tokens = False

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> FisherMatrix:
        del needs  # the record is the same for every proxy
        own = list(model.parameters())[:PARAMETERS]
        if not own:
            raise UndefinedScoreError("the network has no parameters")
        generator = torch.Generator().manual_seed(seed)
        with evaluation(model, seed):
            drawn = kaiming_weights(model, generator)
            parameters = [drawn[id(parameter)].requires_grad_() for parameter in own]
            with substituted(model, drawn):
                outputs, jacobian = _jacobian(model, noise_like(batch.images, generator), parameters)
        half = _covariance_root(outputs.double()) @ jacobian.double()
        return FisherMatrix((half.mT @ half).mean(0))


def _jacobian(model: nn.Module, images: Tensor, parameters: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the logits, (n, classes), and their derivatives, (n, classes, p)."""
    steps = {id(parameter): torch.zeros_like(images[:, 0, 0, 0]).requires_grad_() for parameter in parameters}
    with _shifted(model, steps) as called:
        outputs = logits(model, images)
    require_graph(outputs)
    others = [parameter for parameter in parameters if id(parameter) not in called]
    if any(gradient.any() for gradient in gradients(outputs.sum(), others, retain_graph=True)):
        raise UndefinedScoreError("a weight is used otherwise than by a call of its module")
    by_class = [gradients(of_class.sum(), list(steps.values()), retain_graph=True) for of_class in outputs.T]
    return outputs.detach(), torch.stack([torch.stack(of_class, 1) for of_class in by_class], 1)


@contextmanager
def _shifted(model: nn.Module, steps: Steps) -> Iterator[set[int]]:
    """Add step times derivative to the output of each module with parameters of its own.

    Yields the set of the ids of parameters whose modules have been called.
    """
    called: set[int] = set()
    versions: list[list[int]] = []

    def before(module: nn.Module, args: Any, kwargs: Any) -> None:
        del module
        versions.append(_versions(args, kwargs))

    def shift(module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
        if _versions(args, kwargs) != versions.pop():
            raise UndefinedScoreError("a module with parameters overwrites its input")
        for parameter in module._parameters.values():
            if parameter is not None and id(parameter) in steps:
                called.add(id(parameter))
                output = _shift(output, _derivative(module, parameter, args, kwargs), steps[id(parameter)])
        return output

    owners = [module for module in model.modules() if module._parameters]
    first = (owner.register_forward_pre_hook(before, with_kwargs=True) for owner in owners)
    then = (owner.register_forward_hook(shift, with_kwargs=True) for owner in owners)
    with hooked(first), hooked(then):
        yield called


def _versions(args: Any, kwargs: Any) -> list[int]:
    """Return the version of each input tensor of a call; torch raises it with each write in place."""
    return [each._version for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]


def _derivative(module: nn.Module, parameter: Tensor, args: Any, kwargs: Any) -> Tensor:
    """Return the derivative of the output of a call with respect to the first element of ``parameter``.

    A forward derivative by two backwards: the gradient of <u, output> with respect to the parameter is linear
    in u, and the derivative of its first element with respect to u is the wanted tensor, like the output.
    """
    args, kwargs = tree_map_only(Tensor, Tensor.detach, (args, kwargs))
    free = parameter.detach().requires_grad_()
    with substituted(module, {id(parameter): free}):
        output = module.forward(*args, **kwargs)
    if not isinstance(output, Tensor):
        raise UndefinedScoreError("a module with parameters puts out no single tensor")
    u = torch.zeros_like(output).requires_grad_()
    (gradient,) = gradients(output, [free], grad_outputs=u, create_graph=True)
    return gradients(gradient.flatten()[0], [u])[0]


def _shift(output: Tensor, derivative: Tensor, step: Tensor) -> Tensor:
    """Return output plus step times derivative, with one step per image.

    A weight moves few channels of its layer's output, so only those are added to.
    """
    if output.dim() < 2 or len(output) != len(step):
        raise UndefinedScoreError("a module with parameters does not map images to features")
    moved = derivative.transpose(0, 1).flatten(1).any(1).nonzero()[:, 0]
    step = step.reshape(-1, *[1] * (output.dim() - 1))
    return output.index_add(1, moved, step * derivative.index_select(1, moved))


def _covariance_root(logits: Tensor) -> Tensor:
    """Return the lower triangular L with L L^T = diag(p) - p p^T for each image, (n, classes, classes).

    p are the label probabilities, smoothed by SMOOTHING. The factor has a closed form (Tanabe and Sagae,
    JRSS B 1992). With q_j = p_{j+1} + p_{j+2} + ..., it is

        L_jj = sqrt(p_j q_j / q_{j-1}),   L_ij = -L_jj p_i / q_j for i > j,

    and its last column is zero. A Cholesky solver would fail, because the covariance is singular.
    """
    classes = logits.shape[1]
    probabilities = logits.softmax(1) * (1 - SMOOTHING) + SMOOTHING / classes
    # Summing from the end keeps the digits of small q_j; subtracting from one would lose them.
    from_here = probabilities.flip(1).cumsum(1).flip(1)
    later = torch.cat([from_here[:, 1:], torch.zeros_like(from_here[:, :1])], 1)
    scale = (probabilities * later / from_here).sqrt()
    later[:, -1] = 1  # avoids a division by zero; the scale of the last column is zero
    below = (-probabilities[:, :, None] / later[:, None, :]).tril(-1)
    return (below + torch.eye(classes).to(below)) * scale[:, None, :]


FISHER_MATRIX = FisherMatrixPass()

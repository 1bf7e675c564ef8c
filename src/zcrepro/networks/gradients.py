"""First derivatives that are zero if there is nothing to differentiate."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.layers import UsedWeights


def gradients(
    scalar: Tensor, inputs: Sequence[Tensor], retain_graph: bool = False, create_graph: bool = False
) -> list[Tensor]:
    """Return the gradient of ``scalar`` with respect to each input, zeros if it does not depend on it."""
    reached = [tensor for tensor in inputs if tensor.requires_grad] if scalar.requires_grad else []
    if not reached:
        return [torch.zeros_like(tensor) for tensor in inputs]
    found = torch.autograd.grad(
        scalar, reached, retain_graph=retain_graph, create_graph=create_graph, allow_unused=True
    )
    gradient = {id(tensor): g for tensor, g in zip(reached, found, strict=True) if g is not None}
    return [gradient.get(id(tensor), torch.zeros_like(tensor)) for tensor in inputs]


def weight_gradients(scalar: Tensor, used: UsedWeights) -> list[Tensor]:
    """Return the gradient of ``scalar`` for each layer. Raises UndefinedScoreError if it has no graph."""
    require_graph(scalar)
    return used.by_layer(gradients(scalar, used.flat()))


def once_differentiable(tensor: Tensor) -> bool:
    """Return whether the graph of a gradient holds a function that was declared differentiable once.

    torch.autograd.grad takes such a function for a constant without a word.
    """
    waiting, seen = [tensor.grad_fn], {tensor.grad_fn}
    while waiting:
        node = waiting.pop()
        if node is not None:
            if node.name() == "torch::autograd::Error":  # it would raise if it were run
                return True
            further = {each for each, _ in node.next_functions} - seen
            seen |= further
            waiting += further
    return False


def require_graph(scalar: Tensor) -> None:
    """Raise UndefinedScoreError if no derivative is known, which is not the same as a derivative of zero."""
    if not scalar.requires_grad:
        raise UndefinedScoreError("the network computes its logits without gradients")

"""Compute first derivatives, with zeros for inputs that the output does not depend on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.layers import UsedWeights


def gradients(
    output: Tensor,
    inputs: Sequence[Tensor],
    grad_outputs: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> list[Tensor]:
    """Return the gradient of ``output`` with respect to each input, zeros if it does not depend on it.

    Parameters
    ----------
    output
        A scalar, or a tensor of any shape with ``grad_outputs``.
    inputs
        The tensors to differentiate with respect to. A gradient has the shape of its input.
    grad_outputs
        Weights of the elements of ``output``, of its shape: their weighted sum is differentiated.
    retain_graph, create_graph
        As for torch.autograd.grad.
    """
    reached = [tensor for tensor in inputs if tensor.requires_grad] if output.requires_grad else []
    if not reached:
        return [torch.zeros_like(tensor) for tensor in inputs]
    found = torch.autograd.grad(
        output,
        reached,
        grad_outputs,
        retain_graph=retain_graph,
        create_graph=create_graph,
        allow_unused=True,
    )
    gradient = {id(tensor): g for tensor, g in zip(reached, found, strict=True) if g is not None}
    return [gradient[id(tensor)] if id(tensor) in gradient else torch.zeros_like(tensor) for tensor in inputs]


def weight_gradients(scalar: Tensor, used: UsedWeights) -> list[Tensor]:
    """Return the gradient of ``scalar`` with respect to the weight of each layer.

    Raises UndefinedScoreError if ``scalar`` has no graph.
    """
    require_graph(scalar)
    return used.by_layer(gradients(scalar, used.flat()))


def once_differentiable(tensor: Tensor) -> bool:
    """Return whether the graph of a gradient contains a function declared differentiable only once.

    torch.autograd.grad treats the result of such a function as a constant and raises no error, so a second
    derivative would silently lack a part.
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
    """Raise UndefinedScoreError if ``scalar`` has no graph.

    A network that computes its logits under torch.no_grad has no known derivative, rather than one of zero.
    """
    if not scalar.requires_grad:
        raise UndefinedScoreError("the network computes its logits without gradients")

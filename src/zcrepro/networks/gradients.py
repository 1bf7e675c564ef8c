"""First derivatives that are zero where there is nothing to differentiate."""

from collections.abc import Sequence

import torch
from torch import Tensor


def gradients(scalar: Tensor, inputs: Sequence[Tensor], retain_graph: bool = False) -> list[Tensor]:
    """The gradient of ``scalar`` with respect to each input; zeros where it does not depend on it."""
    wanted = [tensor for tensor in inputs if scalar.requires_grad and tensor.requires_grad]
    if not wanted:
        return [torch.zeros_like(tensor) for tensor in inputs]
    found = iter(torch.autograd.grad(scalar, wanted, retain_graph=retain_graph, materialize_grads=True))
    return [next(found) if tensor.requires_grad else torch.zeros_like(tensor) for tensor in inputs]

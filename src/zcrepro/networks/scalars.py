"""Reduce tensors to scalars, and transfer scalars from a device to the host."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor


def on_host(scalars: Iterable[Tensor]) -> list[float]:
    """Return the values of scalar tensors that are on one device.

    They are copied in one transfer, because each transfer waits until the GPU has finished its queue.
    """
    found = list(scalars)
    return torch.stack(found).tolist() if found else []


def finite(tensors: Iterable[Tensor]) -> Tensor:
    """Return whether all elements of tensors on one device are finite, as a scalar tensor on that device."""
    largest = [torch.linalg.vector_norm(tensor.detach(), math.inf) for tensor in tensors if tensor.numel()]
    return torch.stack(largest).isfinite().all() if largest else torch.tensor(True)

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
    """Return whether all elements of tensors are finite, as a scalar tensor on the device of the first.

    Tensors that torch has no norm of, sparse ones and those of eight bits, are left out.
    """
    found = [
        torch.linalg.vector_norm(tensor.detach(), math.inf).isfinite()
        for tensor in tensors
        if tensor.numel() and tensor.layout == torch.strided and tensor.itemsize > 1
    ]
    return torch.stack([each.to(found[0].device) for each in found]).all() if found else torch.tensor(True)

"""Reduce tensors to scalars, and transfer scalars from a device to the host."""

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
    """Return whether all elements of real tensors are finite, as a scalar tensor on the device of the first.

    Sparse tensors and those of eight bits, which torch finds no extremes of, are left out.
    """
    extremes = [
        extreme
        for tensor in tensors
        if tensor.numel() and tensor.layout == torch.strided and tensor.itemsize > 1
        for extreme in tensor.detach().aminmax()  # NaN if an element is
    ]
    if not extremes:
        return torch.tensor(True)
    return torch.stack([each.to(extremes[0].device) for each in extremes]).isfinite().all()

"""Transfer scalars from a device to the host."""

from collections.abc import Iterable

import torch
from torch import Tensor


def on_host(scalars: Iterable[Tensor]) -> list[float]:
    """Return the values of scalar tensors that are on one device.

    They are copied in one transfer, because each transfer waits until the GPU has finished its queue.
    """
    found = list(scalars)
    return torch.stack(found).tolist() if found else []

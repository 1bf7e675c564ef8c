"""Scalars of a device on the host."""

from collections.abc import Iterable

import torch
from torch import Tensor


def on_host(scalars: Iterable[Tensor]) -> list[float]:
    """Their values. They are moved together, since each move waits for all that a GPU has to do."""
    found = list(scalars)
    return torch.stack(found).tolist() if found else []

"""Observe the ReLUs of a network, whichever way it calls them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from zcrepro.networks.functions import Function, Intercepted

RELUS = (F.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_)


def relus_seen(see: Callable[[Tensor], None]) -> Intercepted:
    """Call ``see`` with the detached output of each ReLU that runs inside.

    A ReLU may be a module, a function or a method, in place or not.
    """
    return Intercepted({relu: _seen(relu, see) for relu in RELUS})


def _seen(relu: Function, see: Callable[[Tensor], None]) -> Function:
    def call(*args: object, **kwargs: object) -> Tensor:
        output: Tensor = relu(*args, **kwargs)
        see(output.detach())
        return output

    return call


def folded(features: Tensor, n: int) -> str | None:
    """Return why the rows of ``features`` do not correspond to ``n`` images, or None if they do.

    A network may fold patches or windows into the batch axis, or put the token axis first.
    """
    if len(features) == n:
        return None
    return (
        f"a layer puts out {len(features)} rows for {n} images, so it is not known which belong to an image"
    )

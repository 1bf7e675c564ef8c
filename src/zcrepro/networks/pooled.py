"""Find the global poolings of a network, the last of which separates features and classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from zcrepro.networks.functions import Function, Intercepted, first_input

Features = list[Tensor]
"""The inputs of the global poolings of one forward pass, in the order of the calls."""


@contextmanager
def poolings_seen(see: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Pass the input of each global pooling through ``see``, which may return it or a replacement.

    A global pooling is adaptive average pooling, average pooling to one position, or a mean over two axes of
    4-d features other than the batch axis. It may be called as a module, a function or a method.
    """
    pools: dict[Function, Callable[..., bool]] = {
        F.adaptive_avg_pool2d: _any,
        F.avg_pool2d: _to_one_position,
        torch.mean: _over_positions,
        Tensor.mean: _over_positions,
    }
    with Intercepted({pool: _seen(pool, is_global, see) for pool, is_global in pools.items()}):
        yield


def _seen(pool: Function, is_global: Callable[..., bool], see: Callable[[Tensor], Tensor]) -> Function:
    def call(*args: Any, **kwargs: Any) -> Any:
        features = first_input(args, kwargs)
        if not (isinstance(features, Tensor) and features.dim() == 4):
            return pool(*args, **kwargs)
        output = pool(*args, **kwargs)
        if not is_global(output, *args[1:], **kwargs):
            return output
        seen = see(features)
        if seen is features:  # most callers only look, and pooling twice would cost time
            return output
        return pool(seen, *args[1:], **kwargs) if args else pool(**kwargs | {"input": seen})

    return call


def _any(output: Tensor, *args: Any, **kwargs: Any) -> bool:
    del output, args, kwargs
    return True


def _to_one_position(output: Tensor, *args: Any, **kwargs: Any) -> bool:
    del args, kwargs
    return output[0, 0].numel() == 1


def _over_positions(output: Tensor, *args: Any, **kwargs: Any) -> bool:
    del output
    axes = args[0] if args else kwargs.get("dim", kwargs.get("axis"))
    return isinstance(axes, tuple | list) and len(axes) == 2 and all(axis % 4 for axis in axes)

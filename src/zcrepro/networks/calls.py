"""Observe the ReLUs, convolutions and BatchNorms that a network calls, as modules or as functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from zcrepro.networks.functions import Function, Intercepted
from zcrepro.networks.relus import RELUS

IN_PLACE = (torch.relu_, Tensor.relu_)


class Kind(Enum):
    """Kind of a call. A convolution is a two-dimensional one."""

    RELU = "ReLU"
    CONVOLUTION = "convolution"
    NORM = "BatchNorm"


class Place(NamedTuple):
    """The values of a tensor at one moment: where they are in memory, and the version of that memory.

    Two tensors that are alive and have the same place hold the same values. Modules that return their input,
    and views of the whole, keep the place. A write changes the version.
    """

    pointer: int
    shape: torch.Size
    stride: tuple[int, ...]
    version: int


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a ReLU, a convolution or a BatchNorm.

    Attributes
    ----------
    kind
        What was called.
    input
        What the call reads. It requires a gradient, and only this call consumes it: its gradient is the one
        through this call alone, whatever else reads the same tensor of the network.
    output
        What the call returns.
    weight
        The weight of a convolution or BatchNorm, as the call uses it; None if it has none.
    source, target
        Places of the input before the call and of the output after it.
    """

    kind: Kind
    input: Tensor
    output: Tensor
    weight: Tensor | None
    source: Place
    target: Place


See = Callable[[Call], None]


def calls_seen(see: See) -> Intercepted:
    """Return a context that calls ``see`` after each ReLU, convolution and BatchNorm that runs inside.

    The network computes what it computes outside. In-place ReLUs overwrite their input, as ever.
    """
    return Intercepted(
        {
            **{relu: _relu(relu, see) for relu in RELUS},
            F.conv2d: _weighted(Kind.CONVOLUTION, F.conv2d, 1, see),
            F.batch_norm: _weighted(Kind.NORM, F.batch_norm, 3, see),
        }
    )


def _place(tensor: Tensor) -> Place:
    """Return where the values of a dense tensor are now."""
    return Place(tensor.data_ptr(), tensor.shape, tensor.stride(), tensor._version)


def _relu(function: Function, see: See) -> Function:
    def call(*args: Any, **kwargs: Any) -> Tensor:
        x = _input(args, kwargs)
        in_place = function in IN_PLACE or kwargs.get("inplace", args[1] if len(args) > 1 else False)
        source = _place(x)
        # An in-place ReLU reads a copy and writes to the original, so that the input keeps its values.
        own = _of_this_call(x.clone() if in_place else x)
        output = x.copy_(torch.relu(own)) if in_place else torch.relu(own)
        see(Call(Kind.RELU, own, output, None, source, _place(output)))
        return output

    return call


def _weighted(kind: Kind, function: Function, position: int, see: See) -> Function:
    """Return a replacement of ``function``, whose argument at ``position`` is ``weight``."""

    def call(*args: Any, **kwargs: Any) -> Tensor:
        x = _input(args, kwargs)
        own = _of_this_call(x)
        weight = args[position] if len(args) > position else kwargs.get("weight")
        output: Tensor = function(own, *args[1:], **{k: v for k, v in kwargs.items() if k != "input"})
        see(Call(kind, own, output, weight, _place(x), _place(output)))
        return output

    return call


def _input(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    return args[0] if args else kwargs["input"]


def _of_this_call(x: Tensor) -> Tensor:
    """Return a tensor with the memory of ``x`` that has its own gradient, also if ``x`` has none."""
    return x.view_as(x) if x.requires_grad else x.detach().requires_grad_()

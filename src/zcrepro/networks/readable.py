"""Tell whether the layers of a network can be observed, and make them observable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from zcrepro.networks.errors import WrongInputError

WRAPPED = "_orig_mod"
"""The name under which a module from torch.compile holds the original."""


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the original network if torch.compile has wrapped it in another module."""
    while WRAPPED in model._modules:
        model = cast(nn.Module, model._modules[WRAPPED])
    return model


@contextmanager
def eager(model: nn.Module) -> Iterator[None]:
    """Run compiled parts of ``model`` uncompiled inside, because hooks do not observe compiled code."""
    compiled = any(WRAPPED in m._modules or m._compiled_call_impl is not None for m in model.modules())
    if compiled:
        with torch.compiler.set_stance("force_eager"):
            yield
    else:
        yield


def obstacle(model: nn.Module) -> str | None:
    """Return why no proxy can be computed on ``model``, or None if there is no such reason.

    Raises WrongInputError if lazy layers have no weights yet.
    """
    tensors = [*model.parameters(), *model.buffers()]
    if any(is_lazy(tensor) for tensor in tensors):
        raise WrongInputError("the network has lazy layers without weights: run it once on the images first")
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        return "a traced or scripted module hides its layers: score the module that it was made from"
    if any(tensor.is_meta for tensor in tensors):
        return "the network is on the meta device, where its weights have no values"
    if any(tensor.is_inference() for tensor in tensors):
        return "the network was made in torch.inference_mode, where there are no gradients"
    return None

"""Leave a network as it was found, whatever its forward passes and the passes of proxies change.

A forward pass may update or replace buffers, count its calls in an attribute, append to a list, draw from a
generator of its own, or write to its weights. So everything reachable from the modules is remembered:
attributes, built-in containers to any depth, tensors by identity and value, generators, hooks and modes.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

Undo = Callable[[], object]


@contextmanager
def preserved(model: nn.Module) -> Iterator[None]:
    """Restore the state of ``model`` on exit: attributes, tensors, hooks, modes and generators."""
    undos: list[Undo] = []
    _remember(model, set(), undos)
    try:
        yield
    finally:
        _run(undos)


@contextmanager
def values_preserved(model: nn.Module) -> Iterator[Callable[[], None]]:
    """Yield a function that restores the values of parameters and buffers, and nothing else.

    It takes a fraction of the time of ``preserved``. If the code inside raises, they are restored too.
    """
    undos = [_of_tensor(tensor) for tensor in own_tensors(model)]
    try:
        yield lambda: _run(undos)
    except BaseException:
        _run(undos)
        raise


@torch.no_grad()
def _run(undos: Sequence[Undo]) -> None:
    for undo in undos:
        undo()


def _remember(value: Any, seen: set[int], undos: list[Undo]) -> None:
    """Append to ``undos`` what restores ``value`` and everything it holds."""
    if type(value) in _CONSTANTS or id(value) in seen:
        return
    seen.add(id(value))
    held: Any = ()
    if isinstance(value, nn.Module):
        attributes = vars(value)
        # Most containers of a module are empty tables of hooks. One undo clears them all, which is faster.
        empty = [each for each in attributes.values() if isinstance(each, dict) and not each]
        undos += [_of_dictionary(attributes), _of_empty(empty)]
        seen.update(map(id, empty))
        held = attributes.values()
    elif isinstance(value, dict):
        undos.append(_of_dictionary(value))
        held = value.values()
    elif isinstance(value, list | deque):
        undos.append(_of_collection(value, value.extend))
        held = value
    elif isinstance(value, set):
        undos.append(_of_collection(value, value.update))
    elif isinstance(value, tuple):
        held = value
    elif isinstance(value, Tensor):
        undos.append(_of_tensor(value))
    else:
        undos.extend(_of_generator(value))
    for each in tuple(held):
        _remember(each, seen, undos)


_CONSTANTS = {bool, int, float, str, bytes, type(None), type, type(len), type(lambda: None), torch.dtype}
"""Immutable types. They are most of what modules hold, so they are skipped first."""


def _of_empty(dictionaries: list[dict[Any, Any]]) -> Undo:
    def undo() -> None:
        for each in dictionaries:
            each.clear()

    return undo


def _of_dictionary(value: dict[Any, Any]) -> Undo:
    before = dict(value)

    def undo() -> None:
        if len(value) != len(before) or any(value.get(key, before) is not old for key, old in before.items()):
            value.clear()
            value.update(before)

    return undo


def _of_collection(value: Any, fill: Callable[[Any], object]) -> Undo:
    before = tuple(value)

    def undo() -> None:
        value.clear()
        fill(before)

    return undo


def _of_tensor(tensor: Tensor) -> Undo:
    required = tensor.requires_grad
    # Lazy and meta tensors have no values, inference tensors cannot be written outside of that mode, and
    # torch cannot compare sparse ones.
    fixed = is_lazy(tensor) or tensor.is_meta or tensor.is_inference() or tensor.layout != torch.strided
    before = None if fixed else tensor.detach().clone()

    def undo() -> None:
        if tensor.is_leaf and tensor.requires_grad != required:
            tensor.requires_grad_(required)
        # Writing to a tensor invalidates every graph that saved it, so an unchanged tensor is left alone.
        if before is not None and not torch.equal(tensor, before):
            tensor.copy_(before)

    return undo


def _of_generator(value: object) -> Iterator[Undo]:
    if isinstance(value, torch.Generator):
        state = value.get_state()
        yield lambda: value.set_state(state)
    elif isinstance(value, np.random.Generator):
        bits, found = value.bit_generator, value.bit_generator.state
        yield lambda: setattr(bits, "state", found)
    elif isinstance(value, np.random.RandomState):
        legacy = value.get_state()
        yield lambda: value.set_state(legacy)
    elif isinstance(value, random.Random):
        own = value.getstate()
        yield lambda: value.setstate(own)


@contextmanager
def substituted(model: nn.Module, tensors: Mapping[int, Tensor]) -> Iterator[None]:
    """Replace parameters and buffers by other tensors inside.

    ``tensors`` maps the ``id`` of a parameter or buffer to its replacement. torch.func.functional_call does
    the same, but does not restore a module that is registered twice.
    """
    places = [module._parameters for module in model.modules()] + [m._buffers for m in model.modules()]
    before = [(place, dict(place)) for place in places]
    try:
        for place, own in before:
            place.update({name: tensors[id(tensor)] for name, tensor in own.items() if id(tensor) in tensors})  # type: ignore[misc]
        yield
    finally:
        for place, own in before:
            place.update(own)  # type: ignore[arg-type]


@contextmanager
def rerouted(forwards: Mapping[nn.Module, Callable[..., Any]]) -> Iterator[None]:
    """Replace the ``forward`` of modules by other functions inside. Hooks still run."""
    before = {module: module.__dict__.get("forward") for module in forwards}
    try:
        for module, forward in forwards.items():
            module.forward = forward
        yield
    finally:
        for module, own in before.items():
            module.__dict__.pop("forward", None)
            if own is not None:
                module.forward = own


def own_tensors(model: nn.Module) -> list[Tensor]:
    """Return every parameter and buffer once."""
    return list({id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}.values())

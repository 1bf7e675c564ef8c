"""Notice that a proxy writes to the record that its pass made for all of its proxies."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from zcrepro.networks.functions import Function, Intercepted

State = list[tuple[object, object]]
"""Every object that a record holds, each with what a write to it changes."""


class Given:
    """What a proxy is given, with its state before the proxy runs."""

    def __init__(self, record: object) -> None:
        self._record = record
        self._before = _state(record)

    @property
    def changed(self) -> bool:
        """Whether a tensor, an array, a container or an attribute was written to since."""
        now = _state(self._record)
        pairs = zip(self._before, now, strict=False)
        same = (was is held and version == later for (was, version), (held, later) in pairs)
        return len(now) != len(self._before) or not all(same)


def writes_seen() -> AbstractContextManager[Any]:
    """Make every write to a tensor inside change the version that torch counts for it.

    ``Tensor.data`` would have a version of its own, and gives ``Tensor.detach()`` instead. An array that
    would share the memory of a tensor is a copy of it.
    """
    return Intercepted(_SEEN)


_SEEN: dict[Function, Function] = {
    Tensor.data.__get__: lambda tensor, *_: tensor.detach(),  # type: ignore[attr-defined]
    Tensor.data.__set__: lambda tensor, other: tensor.set_(other),  # type: ignore[attr-defined]
    Tensor.numpy: lambda tensor, *args, **kwargs: tensor.numpy(*args, **kwargs).copy(),
    Tensor.__array__: lambda tensor, *args, **kwargs: tensor.__array__(*args, **kwargs).copy(),
    Tensor.__dlpack__: lambda tensor, *args, **kwargs: tensor.clone().__dlpack__(*args, **kwargs),
}


def _state(record: object) -> State:
    found: State = []
    seen: set[int] = set()
    waiting: deque[object] = deque([record])
    while waiting:
        value = waiting.popleft()
        found.append((value, _version(value)))
        if id(value) not in seen:
            seen.add(id(value))
            waiting.extend(_held(value))
    return found


def _version(value: object) -> object:
    """Return what changes if ``value`` itself is written to."""
    if isinstance(value, Tensor):
        # An inference tensor has no version, and torch refuses to write to it.
        return None if value.is_inference() else value._version
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, list | dict | set | deque):
        return len(value)  # the elements of a set are not compared: there may be a million of them
    return None


def _held(value: object) -> Iterable[object]:
    """Return what ``value`` holds: the elements of a container, or the attributes of an object."""
    if isinstance(value, list | tuple | deque):
        return value
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, Tensor | nn.Module | type):
        return ()
    return _attributes(value)


def _attributes(value: object) -> Iterator[object]:
    if is_dataclass(value):
        return (getattr(value, field.name, None) for field in fields(value))
    return iter(getattr(value, "__dict__", {}).values())

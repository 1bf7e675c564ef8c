"""Replace torch functions while a network runs, however it reaches them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch.overrides import TorchFunctionMode

Function = Callable[..., Any]


class Intercepted(TorchFunctionMode):
    """Call replacements in the place of torch functions.

    A module such as nn.ReLU, the function F.relu and the method Tensor.relu may compute the same thing. A
    hook sees only the first of them; here each is a key of ``replacements``. Inside a replacement nothing is
    replaced, so that it can call the function itself.
    """

    def __init__(self, replacements: Mapping[Function, Function]) -> None:
        super().__init__()
        self.replacements = replacements

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        return self.replacements.get(func, func)(*args, **(kwargs or {}))


def identity(*args: Any, **kwargs: Any) -> Any:
    """Return the first input of a call: the replacement of a function that is switched off."""
    return first_input(args, kwargs)


def first_input(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return the first input of a call, by position or by keyword; None if there is none."""
    return args[0] if args else next(iter(kwargs.values()), None)

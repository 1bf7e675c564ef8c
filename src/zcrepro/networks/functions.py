"""Replace torch functions while a network runs, whichever way it calls them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch.overrides import TorchFunctionMode

Function = Callable[..., Any]


class Intercepted(TorchFunctionMode):
    """Call replacements instead of torch functions.

    The module nn.ReLU, the function F.relu and the method Tensor.relu compute the same thing, but a hook sees
    the module only. ``replacements`` maps functions and methods alike, and modules call these. Nothing is
    replaced inside a replacement, so it can call the original.
    """

    def __init__(self, replacements: Mapping[Function, Function]) -> None:
        super().__init__()
        self.replacements = replacements

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        return self.replacements.get(func, func)(*args, **(kwargs or {}))


def identity(*args: Any, **kwargs: Any) -> Any:
    """Return the first input of a call, to replace a function that is to be switched off."""
    return first_input(args, kwargs)


def first_input(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return the first input of a call, by position or by keyword; None if there is none."""
    return args[0] if args else next(iter(kwargs.values()), None)

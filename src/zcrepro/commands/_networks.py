"""Networks that a command line can name: of a search space, of a model library, or of the user's own."""

from __future__ import annotations

import importlib
import sys

import torch
from torch import nn

from zcrepro.commands import _libraries


def named(text: str, classes: int, seed: int) -> nn.Module:
    """The network called ``module:function`` or ``library/name``, its weights drawn from ``seed``.

    Raises ValueError that says what is missing, for example a library that is not installed.
    """
    library, slash, name = text.partition("/")
    module, colon, function = text.partition(":")
    torch.manual_seed(seed)
    if slash and library in _libraries.LIBRARIES:
        made: object = _libraries.network(library, name, classes)
    elif colon:
        made = _of_the_user(text, module, function)
    else:
        libraries = ", ".join(f"{library}/..." for library in _libraries.LIBRARIES)
        raise ValueError(
            f"{text!r} is neither module:function nor a name such as {libraries}; the text of an "
            "architecture needs --space"
        )
    if not isinstance(made, nn.Module):
        raise ValueError(f"{text} returned a {type(made).__name__}, not a torch.nn.Module")
    return made


def _of_the_user(text: str, module: str, function: str) -> object:
    sys.path.insert(0, "")  # a module in the working folder, as python -m would find it
    try:
        make = getattr(importlib.import_module(module), function)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ValueError(f"{text!r} cannot be found: {error}") from error
    return make()

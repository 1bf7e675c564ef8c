"""Networks that a command line can name: of a search space, of a model library, or of the user's own."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable

from torch import nn

from zcrepro.commands import _libraries
from zcrepro.networks.generators import seeded


def named(text: str, classes: int, seed: int) -> nn.Module:
    """Return the network called ``module:function`` or ``library/name``, with weights drawn from ``seed``.

    The global generators are left as they were. Raises ValueError that says what is missing, for example a
    library that is not installed.
    """
    # Constructors draw from the global generators. There is no model yet whose devices could be named.
    with seeded(nn.Module(), seed):
        made = _made(text, classes)
    if isinstance(made, type):
        raise ValueError(f"{text} returned the class {made.__name__}; let it return an instance of it")
    if not isinstance(made, nn.Module):
        raise ValueError(f"{text} returned a {type(made).__name__}, not a torch.nn.Module")
    return made


def _made(text: str, classes: int) -> object:
    library, slash, name = text.partition("/")
    module, colon, function = text.partition(":")
    if slash and library in _libraries.LIBRARIES:
        return _libraries.network(library, name, classes)
    if colon:
        return _of_the_user(text, module, function)
    libraries = ", ".join(f"{library}/..." for library in _libraries.LIBRARIES)
    raise ValueError(
        f"{text!r} is neither module:function nor a name such as {libraries}; the text of an architecture "
        "needs --space"
    )


def _of_the_user(text: str, module: str, function: str) -> object:
    sys.path.insert(0, "")  # a module in the working folder, as python -m would find it
    try:
        found = importlib.import_module(module)
    except Exception as error:
        raise ValueError(f"{module!r} cannot be imported: {_said(error)}") from error
    try:
        make = getattr(found, function)
    except AttributeError as error:
        raise ValueError(f"{text!r} cannot be found: {error}") from error
    if isinstance(make, nn.Module):
        raise ValueError(f"{text} is a network; draws need new weights, so name a function that makes one")
    if not callable(make):
        raise ValueError(f"{text} is no function but of type {type(make).__name__}")
    _check_needs_no_arguments(text, make)
    try:
        return make()
    except Exception as error:
        raise ValueError(f"{text} failed: {_said(error)}") from error


def _check_needs_no_arguments(text: str, make: Callable[..., object]) -> None:
    try:
        signature = inspect.signature(make)
    except ValueError:
        return  # some functions that are not written in Python do not say what they need
    try:
        signature.bind()
    except TypeError as error:
        raise ValueError(f"{text} needs arguments ({error}); name a function that needs none") from error


def _said(error: Exception) -> str:
    """Return in one line the kind of an error, its words, and the line of the code that raised it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    frozen = place.filename.startswith("<")  # Python's own import
    where = "" if frozen else f" (line {place.lineno} of {place.filename})"
    return f"{type(error).__name__}: {' '.join(str(error).split())}{where}"

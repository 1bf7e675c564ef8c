"""Networks that a command line can name: of a model library, or of the user's own."""

from __future__ import annotations

import importlib
import inspect
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from operator import attrgetter
from pathlib import Path

import torch
from torch import Tensor, nn

from zcrepro.networks import libraries
from zcrepro.networks.errors import WrongInputError, out_of_memory
from zcrepro.networks.forward import as_logits
from zcrepro.networks.generators import seeded
from zcrepro.networks.preserve import preserved
from zcrepro.networks.readable import eager, obstacle, unwrapped

NOT_THE_USERS = (
    "<",  # Python's own import
    str(Path(__file__).parents[1]),
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
)
"""What the names of files begin with that the user did not write."""

LONGEST = 400
"""Characters of the words of an error that are shown; they may be pages."""


def named(text: str, classes: int, seed: int) -> nn.Module:
    """Return the network called ``module:function`` or ``library/name``, with weights drawn from ``seed``.

    The global generators are left as they were. Raises ValueError that says what is missing, for example a
    library that is not installed.
    """
    make = _maker(text, classes)
    # Constructors draw from the global generators. There is no model yet whose devices could be named.
    with code_of_others(f"{text} failed"), seeded(nn.Module(), seed):
        made = make()
    if inspect.iscoroutine(made):
        made.close()  # otherwise Python warns that nothing waited for it
    if isinstance(made, type):
        raise ValueError(f"{text} returned the class {made.__name__}; let it return an instance of it")
    if not isinstance(made, nn.Module):
        raise ValueError(f"{text} returned a {type(made).__name__}, not a torch.nn.Module")
    if not hasattr(made, "_modules"):
        raise ValueError(f"{text}: the __init__ of {type(made).__name__} does not call super().__init__()")
    return made


def check_classes(text: str, model: nn.Module, images: Tensor, classes: int) -> None:
    """Raise ValueError, which names the option, if the network has another number of classes.

    A network that cannot be run is left to the proxies, which say what is wrong with it.
    """
    try:
        with code_of_others(text):
            found = _classes(model, images)
    except (ValueError, MemoryError):
        return
    if found not in (None, classes):
        raise ValueError(f"{text} has {found} classes, and not {classes}; say --classes {found}")


def _classes(model: nn.Module, images: Tensor) -> int | None:
    """Return the number of logits per image, or None if the layers of the network are not ready to be run."""
    network = unwrapped(model)
    if obstacle(network):
        return None
    with eager(network), seeded(network, 0), preserved(network), torch.no_grad():
        return as_logits(network.eval()(images.clone()), images).shape[1]


@contextmanager
def scoring(text: str, model: nn.Module, images: Tensor) -> Iterator[None]:
    """Turn every error of scoring ``model`` into ValueError that names the network, cause and remedy."""
    try:
        with code_of_others(f"{text} cannot be scored"):
            yield
    except WrongInputError as error:
        failed = error.__cause__  # the error of a forward pass; otherwise the output is wrong
        remedy = "" if failed is None else f"{_place(failed)}; {_remedy(text, model, images)}"
        raise ValueError(f"{text}: {error}{remedy}") from error


def _remedy(text: str, model: nn.Module, images: Tensor) -> str:
    weights = [weight for weight in model.parameters() if weight.is_floating_point()]
    for weight in weights:
        if weight.dtype != images.dtype:
            return f"it has weights of {weight.dtype}: let {text} return it as {images.dtype}, with .float()"
        if weight.device != images.device:
            return f"it has weights on {weight.device}: let {text} return it on {images.device}"
    return "if it takes images of another shape, say --shape"


@contextmanager
def code_of_others(what: str) -> Iterator[None]:
    """Turn every error of code that is not ours into ValueError of one line that begins with ``what``.

    Such code may also end the process, which would pass for success. What it prints goes to stderr, because
    stdout is for the result. An error that we raised for the user is left as it is.
    """
    with redirect_stdout(sys.stderr):
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if isinstance(error, (ValueError, MemoryError)) and not _place(error):
                raise
            kind = MemoryError if out_of_memory(error) else ValueError
            raise kind(f"{what}: {_said(error)}{_place(error)}") from error


def _maker(text: str, classes: int) -> Callable[[], object]:
    library, slash, name = text.partition("/")
    module, colon, function = text.partition(":")
    if slash and library in libraries.LIBRARIES:
        return lambda: libraries.network(library, name, classes)
    if colon:
        return _of_the_user(text, module, function)
    named = ", ".join(f"{library}/..." for library in libraries.LIBRARIES)
    raise ValueError(
        f"{text!r} is neither module:function nor a name such as {named}; the text of an architecture "
        "needs --space"
    )


def _of_the_user(text: str, module: str, function: str) -> Callable[[], object]:
    names = [*module.split("."), *function.split(".")]
    if Path(module).is_file() or not all(name.isidentifier() for name in names):
        raise ValueError(f"{text!r} is not module:function, as in package.module:function, without .py")
    _import(module)
    with code_of_others(f"{text!r} cannot be found"):
        make = attrgetter(function)(sys.modules[module])
    if isinstance(make, nn.Module):
        raise ValueError(f"{text} is a network; draws need new weights, so name a function that makes one")
    if not callable(make):
        raise ValueError(f"{text} is no function but of type {type(make).__name__}")
    _check_needs_no_arguments(text, make)
    return make


def _import(module: str) -> None:
    if "" not in sys.path:
        sys.path.insert(0, "")  # a module in the working folder, as python -m would find it
    _check_not_hidden(module.partition(".")[0])
    # Seeded apart from the constructor: weights must not depend on whether the module is loaded already.
    with code_of_others(f"{module!r} cannot be imported"), seeded(nn.Module(), 0):
        importlib.import_module(module)


def _check_not_hidden(module: str) -> None:
    """Raise ValueError if Python would import another module than that in the working folder."""
    own = next((path for path in (Path(module, "__init__.py"), Path(f"{module}.py")) if path.is_file()), None)
    found = getattr(sys.modules.get(module), "__file__", None)
    if own and module in sys.modules and not (found and own.samefile(found)):
        raise ValueError(f"{own} is hidden by the module {module} of {found or 'Python'}; rename yours")


def _check_needs_no_arguments(text: str, make: Callable[..., object]) -> None:
    try:
        signature = inspect.signature(make)
    except (TypeError, ValueError):
        return  # some functions that are not written in Python do not say what they need
    try:
        signature.bind()
    except TypeError as error:
        raise ValueError(f"{text} needs arguments ({error}); name a function that needs none") from error


def _said(error: BaseException) -> str:
    """Return in one line the kind of an error and the beginning of its words."""
    if isinstance(error, SystemExit):
        return f"it calls sys.exit({error.code!r})"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:LONGEST]}".removesuffix(": ")


def _place(error: BaseException) -> str:
    """Return the last line of the user's code that an error passed, or an empty string."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(NOT_THE_USERS)]
    return f" (line {own[-1].lineno} of {own[-1].filename})" if own else ""

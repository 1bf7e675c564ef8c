"""Make untrained networks of installed model libraries, by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import nn

Make = Callable[[Any, str, int], nn.Module]

LIBRARIES: dict[str, tuple[str, Make]] = {
    "torchvision": ("torchvision.models", lambda m, name, n: m.get_model(name, weights=None, num_classes=n)),
    "timm": ("timm", lambda m, name, n: m.create_model(name, pretrained=False, num_classes=n)),
    "pytorchcv": (
        "pytorchcv.model_provider",
        lambda m, name, n: m.get_model(name, pretrained=False, num_classes=n),
    ),
}
"""The module of each model library, and a function of it, a name and the number of classes."""

INSTALL = 'pip install ".[models]" in the folder of the repository'
"""How to install releases that fit the installed torch; a library installed alone may replace torch."""


def network(library: str, name: str, classes: int) -> nn.Module:
    """Return an untrained network of a library.

    Raises ValueError if the library is not installed, or has no network of that name.
    """
    _, make = LIBRARIES[library]
    try:
        return make(module(library), name, classes)
    except ImportError as error:
        raise ValueError(f"{library}/{name} needs {library}: {INSTALL} ({error})") from error
    except (KeyError, RuntimeError, ValueError) as error:  # what the libraries raise for an unknown name
        raise ValueError(f"{library} has no network {name!r}: {error}") from error


def module(library: str) -> Any:
    """Return the module of an installed library. Raises ImportError if it is not installed."""
    return _imported(LIBRARIES[library][0])


def _imported(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        _declare_operators()
        return importlib.import_module(module)


@cache
def _declare_operators() -> torch.library.Library:
    """Declare the detection operators that torchvision expects at import.

    Their compiled code is built for a torch with CUDA and cannot be loaded with a torch without. No
    classifier needs them. The declaration lasts as long as the returned object, so that is cached.
    """
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library

"""Zero-cost proxies for neural architecture search: reproduced, extended, compared.

The names below are the public API; each is imported when it is first used, so that
``import zcrepro`` costs nothing.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "accuracies": "zcrepro.problems.lookup",
    "compare": "zcrepro.problems.rivals",
    "get_space": "zcrepro.spaces.lookup",
    "list_spaces": "zcrepro.spaces.lookup",
    "list_proxies": "zcrepro.proxies.lookup",
    "load_proxy": "zcrepro.evolved",
    "score": "zcrepro.scoring",
    "scores": "zcrepro.problems.lookup",
    "search": "zcrepro.searching.by_proxy",
}

__all__ = [
    "accuracies",
    "compare",
    "get_space",
    "list_proxies",
    "list_spaces",
    "load_proxy",
    "score",
    "scores",
    "search",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'zcrepro' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

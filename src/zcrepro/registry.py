"""Finds what a name stands for: a file of that name in the package of its kind.

Nothing is registered: a new proxy or space is a new file. A file is imported only when asked for,
so that a job reads, and is rerun by, no more than it uses.
"""

import importlib
from pathlib import Path
from typing import Any

from zcrepro import provenance
from zcrepro.settings import unknown_name

CONSTANTS = {
    "space": "SPACE",
    "images": "IMAGES",
    "recipes": "RECIPE",
    "proxies": "PROXY",
    "method": "METHOD",
    "guides": "PROXY",
    "algorithms": "ALGORITHM",
    "table": "TABLE",
    "figure": "FIGURE",
}


def names(kind: str) -> list[str]:
    """All names of a kind, sorted: the files of its package without a leading underscore."""
    folder = provenance.ROOT.joinpath(*provenance.PLUGINS[kind].split(".")[1:])
    return sorted(path.stem for path in Path(folder).glob("[!_]*.py"))


def get(kind: str, name: str) -> Any:
    """The object called ``name``. Raises ValueError that names the nearest one."""
    if name not in names(kind):
        raise ValueError(unknown_name(kind, name, names(kind)))
    module = importlib.import_module(f"{provenance.PLUGINS[kind]}.{name}")
    return getattr(module, CONSTANTS[kind])

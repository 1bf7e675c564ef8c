"""Find an addition by its name: the file of that name in the package of its kind.

Nothing is registered: a new proxy or space is a new file that assigns the constant of its kind. A file is
imported only when it is asked for, so that a job imports, and is rerun by, no more than it uses.
"""

import importlib
import re
from functools import cache
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
    "algorithm": "ALGORITHM",
    "table": "TABLE",
    "figure": "FIGURE",
}
"""The constant that a file of each kind assigns. A file of the package without it is shared code."""


def names(kind: str) -> list[str]:
    """Return all names of a kind, sorted."""
    folder = provenance.ROOT.joinpath(*provenance.PLUGINS[kind].split(".")[1:])
    return sorted(path.stem for path in folder.glob("[!_]*.py") if _assigns(path, CONSTANTS[kind]))


def get(kind: str, name: str) -> Any:
    """Return the object called ``name``. Raises ValueError that names the nearest one."""
    if name not in names(kind):
        raise ValueError(unknown_name(kind, name, names(kind)))
    module = importlib.import_module(f"{provenance.PLUGINS[kind]}.{name}")
    return getattr(module, CONSTANTS[kind])


@cache
def _assigns(path: Path, constant: str) -> bool:
    return bool(re.search(rf"^{constant}\b.*=", path.read_text(encoding="utf-8"), flags=re.MULTILINE))

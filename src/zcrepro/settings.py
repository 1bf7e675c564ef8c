"""Read the settings of a stage from a JSON file into a frozen dataclass, and refuse unknown keys."""

import difflib
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from zcrepro.files.json import read_json

Settings = TypeVar("Settings")


def load(path: Path, kind: type[Settings]) -> Settings:
    """Return the settings in the JSON file ``path`` as an instance of the dataclass ``kind``.

    Raises ValueError if a key is missing or unknown; for an unknown key it names the nearest known one.
    """
    values = read_json(path)
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise ValueError(f"{path}: {unknown_name('key', key, known)}")
    missing = [name for name in known if name not in values]
    if missing:
        raise ValueError(f"{path}: missing {', '.join(missing)}")
    return kind(**values)


def as_mapping(settings: Any) -> dict[str, Any]:
    """Return the settings as a dict of plain values, as they are in the JSON file."""
    return asdict(settings)


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """Return the error message for a name that does not exist.

    It names the closest match, or all known names if none is close.
    """
    known = list(known)
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(sorted(known))}"
    return f"unknown {what} {name!r}; {hint}"

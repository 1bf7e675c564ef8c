"""Settings of a stage: one JSON file, read into a frozen dataclass, strict about its keys and types."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from zcrepro.files.json import read_json, read_sealed
from zcrepro.files.seal import KEY

Settings = TypeVar("Settings")


def load(path: Path, kind: type[Settings]) -> Settings:
    """Return the settings in ``path``. Raises ValueError that names each wrong key, and why it is wrong.

    The workflow seals the file. One that was written by hand has no seal.
    """
    values = read_json(path)
    if isinstance(values, dict) and KEY in values:
        values = read_sealed(path)
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return checked(values, kind, known, str(path))


def checked(values: Any, kind: type[Settings], known: Iterable[str], where: str) -> Settings:
    """Return ``values`` as a ``kind``, whose keys are ``known``.

    Raises ValueError that begins with ``where`` and names each wrong key.
    """
    # Imported here, since the Snakefile imports this module and pydantic takes a while.
    from pydantic import TypeAdapter, ValidationError

    known = list(known)
    if not isinstance(values, dict):
        raise ValueError(f"{where} holds no settings but {type(values).__name__}")
    for key in values:
        if key not in known:
            raise ValueError(f"{where}: {unknown_name('key', key, known)}")
    for key, value in values.items():
        names = [name for name in value if isinstance(name, str)] if isinstance(value, list) else []
        if repeated := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise ValueError(f"{where}: {key}: {repeated[0]!r} stands there twice")
    missing = [name for name in known if name not in values]
    if missing:
        raise ValueError(f"{where}: missing {', '.join(missing)}")
    try:
        # Of JSON, since a list there may be a tuple here.
        return TypeAdapter(kind).validate_json(json.dumps(values, allow_nan=False), strict=True)
    except ValidationError as error:
        raise ValueError(f"{where}: {'; '.join(map(_wrong, error.errors()))}") from error
    except ValueError as error:
        raise ValueError(f"{where}: a setting is NaN or infinite, which is not JSON") from error


def _wrong(error: Mapping[str, Any]) -> str:
    place = "".join(f"{part}." for part in error["loc"])[:-1]
    found = error["input"]
    said = f", but it is {found!r}" if isinstance(found, (bool, int, float, str)) else ""
    return f"{place}: {error['msg']}{said}".removeprefix(": ")


def as_mapping(settings: Any) -> dict[str, Any]:
    """Return the settings as plain values, as they stood in the file."""
    return asdict(settings)


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """Return the message for a name that does not exist: the nearest one, or all of them."""
    known = list(known)
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(sorted(known))}"
    return f"unknown {what} {name!r}; {hint}"

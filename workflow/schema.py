"""Check a configuration against its JSON schema, and fill in its defaults.

The schema says two things by reference, so that they are written once, in the file that they belong to:
``x-options: MODULE`` stands for the fields of that module's ``Options``, and ``x-each: KIND`` with
``x-of-each: SCHEMA`` for one key per file of that kind, each with the fields of the file's own ``Options``.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

import static
from zcrepro import provenance, registry
from zcrepro.files.text import read_text
from zcrepro.files.yaml import read_yaml
from zcrepro.settings import unknown_name

OPTIONS, EACH, OF_EACH = "x-options", "x-each", "x-of-each"

NOT_TEXT = {"integer", "number", "boolean"}

LARGEST = 1_000_000
"""Maximum of every whole number whose schema has none: more would fill a disk or never end."""


def read_schema(path: Path) -> dict[str, Any]:
    """Return the schema in a YAML file, with what it says by reference filled in."""
    return _expanded(read_yaml(path))


def _expanded(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_expanded(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    found = {key: _expanded(value) for key, value in schema.items() if not key.startswith("x-")}
    if schema.get("type") == "integer":
        found.setdefault("maximum", LARGEST)
    if schema.get("type") == "array" and schema["items"].get("type") != "object":
        found.setdefault("uniqueItems", True)
    properties = dict(found.get("properties", {}))
    if OPTIONS in schema:
        properties |= _expanded(static.options(schema[OPTIONS]))
    if EACH in schema:
        kind, common = schema[EACH], _expanded(schema[OF_EACH])
        for name in registry.names(kind):
            own = _expanded(static.options(f"{provenance.PLUGINS[kind]}.{name}"))
            described = common["description"].replace("<name>", name)
            properties[name] = common | {
                "description": described,
                "properties": common.get("properties", {}) | own,
            }
    return found | ({"properties": properties} if properties else {})


def check_files(paths: Iterable[Path | str]) -> None:
    """Raise ValueError, which names file and line, if a configuration file has a key twice.

    Snakemake reads these files itself, takes the last of the two, and reads 010 as 8. The values inside
    ``--config`` stand in no file.
    """
    for path in map(Path, paths):
        if path.suffix == ".json":
            json.loads(read_text(path), object_pairs_hook=partial(_check_keys, path))
        else:
            read_yaml(path)


def _check_keys(path: Path, pairs: Iterable[tuple[str, Any]]) -> None:
    for wrong in _repeated([key for key, _ in pairs]):
        raise ValueError(f"{path}: the key {wrong}")


def completed(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the defaults of ``schema``. Raises ValueError that lists every mistake in ``config``.

    A text where the schema wants another type is read as YAML, since Snakemake hands over the values
    inside ``--config 'srgp={generations: 21}'`` as text. A whole number may be written as 20.0.
    """
    wrong = list(_unusable(config, ""))
    if not wrong:
        filled: dict[str, Any] = _with_defaults(config, schema)
        wrong = list(_unusable(filled, ""))
    if not wrong:
        found = Draft202012Validator(schema).iter_errors(filled)
        wrong = [_message(error) for error in sorted(found, key=lambda error: list(map(str, error.path)))]
    if wrong:
        raise ValueError("\n  ".join(["the configuration is wrong:", *wrong]))
    return filled


def _unusable(value: Any, where: str) -> Iterator[str]:
    """Yield each name that is not a text and each number that is not finite, which no JSON can hold."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            place = f"{where}.{key}".removeprefix(".")
            if not isinstance(key, str):
                yield f"{place}: the name {key!r} is not a text; write it in quotes"
            yield from _unusable(inner, place)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unusable(item, f"{where}.{number}")
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{where}: {value} is not a finite number"


def documented_keys(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every key that the schema knows, as a dotted path, with its own schema.

    ``<name>`` stands for a name that the user chooses, ``[]`` for the elements of a list.
    """
    for key, inner in schema.get("properties", {}).items():
        yield prefix + key, inner
        yield from documented_keys(inner, f"{prefix}{key}.")
    if isinstance(named := schema.get("additionalProperties"), Mapping):
        yield from documented_keys(named, f"{prefix}<name>.")
    if isinstance(items := schema.get("items"), Mapping):
        yield from documented_keys(items, f"{prefix[:-1]}[].")


def _with_defaults(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, list) and "items" in schema:
        return [_with_defaults(item, schema["items"]) for item in value]
    if isinstance(value, str):
        value = _typed(value, schema)
    if isinstance(value, float) and schema.get("type") == "integer" and value.is_integer():
        return int(value)  # 20.0 is 20, also in the digest of the settings
    if not isinstance(value, Mapping):
        return value
    known = schema.get("properties", {})
    named = schema.get("additionalProperties")
    filled = {key: inner["default"] for key, inner in known.items() if "default" in inner} | dict(value)
    for key in filled:
        inner = known.get(key, named if isinstance(named, Mapping) else {})
        filled[key] = _with_defaults(filled[key], inner)
    return filled


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    """Read ``text`` as the YAML value that fits ``schema``, or return it as it is."""
    if schema.get("type") not in NOT_TEXT:
        return text
    try:
        value = yaml.safe_load(text)
        if isinstance(value, str):
            value = float(value)  # such as 1e-3, which YAML takes for a text
    except (yaml.YAMLError, ValueError):
        return text
    return value if Draft202012Validator({"type": schema["type"]}).is_valid(value) else text


def _message(error: ValidationError) -> str:
    where = ".".join(map(str, error.path))
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = list(schema.get("properties", {}))
        wrong = [key for key in error.instance if key not in known]
        return "; ".join(f"{where or 'top level'}: {unknown_name('key', key, known)}" for key in wrong)
    if error.validator == "uniqueItems":
        return "; ".join(f"{where}: {each}" for each in _repeated(error.instance))
    told = "nothing stands below it" if error.instance is None else error.message
    meaning = f" ({schema['description']})" if "description" in schema else ""
    return f"{where or 'top level'}: {told}{meaning}"


def _repeated(items: Any) -> Iterator[str]:
    """Yield each item that stands in a list before, with both of its places, which are counted from 0."""
    before: list[Any] = []
    for place, item in enumerate(items):
        if item in before:
            yield f"{item!r} stands there twice, at places {before.index(item)} and {place}"
        before.append(item)

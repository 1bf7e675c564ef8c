"""Read YAML."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from zcrepro.files.errors import reading

DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""The one in C takes an eighth of the time, and every start of Snakemake reads four files."""

INTEGER, MERGE = "tag:yaml.org,2002:int", "tag:yaml.org,2002:merge"


def read_yaml(path: Path) -> Any:
    """Return the value in a YAML file, which somebody wrote by hand.

    Raises ValueError, which names the file, if it is not YAML. A key that stands twice in a mapping, of which
    YAML takes the last, is an error too. So is a whole number that is not decimal: YAML reads 010 as 8 and
    1:40 as 100.
    """
    with reading(path, "correct it"):
        try:
            return _value(path)
        except yaml.YAMLError as error:
            raise ValueError(f"not YAML: {' '.join(str(error).split())}") from error


def _value(path: Path) -> Any:
    loader = LOADER(path.read_text(encoding="utf-8"))
    try:
        node = loader.get_single_node()
        if wrong := list(_pitfalls(node, set())):
            raise ValueError("; ".join(f"{path}, {each}" for each in wrong))
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _pitfalls(node: yaml.Node | None, seen: set[int]) -> Iterator[str]:
    """Yield each key that stands twice in a mapping and each number that is not decimal, with its line."""
    if node is None or id(node) in seen:
        return  # an alias stands for a node that was read before, and may lie within it
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        if node.tag == INTEGER and not DECIMAL.fullmatch(node.value):
            yield f"{_line(node)}: {node.value} is not a decimal number; write it as one, or a text in quotes"
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _pitfalls(item, seen)
    elif isinstance(node, yaml.MappingNode):
        yield from _repeated(node)
        for key, value in node.value:
            yield from _pitfalls(key, seen)
            yield from _pitfalls(value, seen)


def _repeated(node: yaml.MappingNode) -> Iterator[str]:
    lines: dict[tuple[str, str], str] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
            continue
        name = (key.tag, key.value)
        if name in lines:
            yield f"{_line(key)}: the key {key.value!r} stands in {lines[name]} already"
        lines[name] = _line(key)


def _line(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"

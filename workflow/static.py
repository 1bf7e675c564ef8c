"""What files of the package say, read from their sources: importing them would make every start slow.

Each cluster job reads the Snakefile again.
"""

import ast
from functools import cache
from pathlib import Path
from typing import Any

from zcrepro import provenance

TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}
BOUNDS = {"Ge": "minimum", "Gt": "exclusiveMinimum", "Le": "maximum", "Lt": "exclusiveMaximum"}


def literal(module: str, name: str) -> Any:
    """Return the literal that a module assigns to ``name``. Raises ValueError if it assigns none."""
    for node in _tree(module).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            return ast.literal_eval(node.value)
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name and node.value:
            return ast.literal_eval(node.value)
    raise ValueError(f"{module} assigns no literal to {name}")


def options(module: str) -> dict[str, dict[str, Any]]:
    """Return the JSON schema of each field of a module's dataclass ``Options``.

    A field is ``name: type = default`` with a text below it that describes it; the type may be
    ``Annotated`` with bounds. Raises ValueError that names the module if the class is written otherwise.
    """
    fields = _class(module, "Options").body
    found = {}
    for node, following in zip(fields, [*fields[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign):
            if node.value is None or not isinstance(following, ast.Expr):
                raise ValueError(
                    f"{module}: {ast.unparse(node.target)} of Options needs a default and a text"
                )
            default = ast.literal_eval(node.value)
            found[ast.unparse(node.target)] = _schema(node.annotation) | {
                "default": list(default) if isinstance(default, tuple) else default,
                "description": " ".join(str(ast.literal_eval(following.value)).split()),
            }
    return found


@cache
def option_names(module: str) -> tuple[str, ...]:
    """Return the names of the fields of a module's dataclass ``Options``. Thousands of jobs ask for them."""
    return tuple(options(module))


def attribute(module: str, name: str) -> Any:
    """Return the literal that a class of a module assigns to ``name``."""
    for of in _tree(module).body:
        for node in of.body if isinstance(of, ast.ClassDef) else ():
            if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
                return ast.literal_eval(node.value)
    raise ValueError(f"no class of {module} assigns a literal to {name}")


def _schema(annotation: ast.expr) -> dict[str, Any]:
    text = ast.unparse(annotation)
    if text in TYPES:
        return {"type": TYPES[text]}
    if not isinstance(annotation, ast.Subscript):
        raise ValueError(f"an option cannot be of type {text}")
    inner = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    kind = ast.unparse(annotation.value)
    if kind == "Annotated":
        return _schema(inner[0]) | {BOUNDS[_name(call)]: _argument(call) for call in inner[1:]}
    if kind == "Literal":
        return {"enum": [ast.literal_eval(value) for value in inner]}
    if kind in ("list", "tuple"):
        return {"type": "array", "items": _schema(inner[0])}
    raise ValueError(f"an option cannot be of type {text}")


def _name(call: ast.expr) -> str:
    return ast.unparse(call.func) if isinstance(call, ast.Call) else ast.unparse(call)


def _argument(call: ast.expr) -> Any:
    assert isinstance(call, ast.Call)
    return ast.literal_eval(call.args[0])


def _class(module: str, name: str) -> ast.ClassDef:
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
    raise ValueError(f"{module} has no class {name}")


@cache
def _tree(module: str) -> ast.Module:
    path: Path = provenance.ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))

"""The rooms of the package: which imports which, and what stays private."""

import ast
import re
from collections import defaultdict
from pathlib import Path

import zcrepro

ROOT = Path(zcrepro.__file__).parent

FLOORS = (
    {"files", "seeds", "progress", "checkout"},
    {"settings", "ranking", "networks"},
    {"provenance"},
    {"registry"},
    {"fetching", "spaces", "images"},
    {"proxies"},
    {"benchmarks", "training"},
    {"problems"},
    {"formulas"},
    {"scoring", "evolve", "generalization"},
    {"searching"},
    {"report"},
    {"commands"},
    {"cli"},
    {"__main__", "__init__"},
)
"""The rooms from the ground up. A module imports from its own room and from the floors below it."""


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


def imports(path):
    """Each module or package of ours that a file imports, as dotted names without the package's."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "zcrepro":
            base = node.module.split(".")[1:]
            for alias in node.names:
                parts = [*base, alias.name]
                is_module = ROOT.joinpath(*parts).with_suffix(".py").is_file()
                yield ".".join(parts if is_module else base)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("zcrepro."):
                    yield alias.name.removeprefix("zcrepro.")


def room(module):
    return module.split(".")[0]


def test_every_room_stands_on_one_floor():
    rooms = {room(name) for name, _ in modules()}
    floors = [name for floor in FLOORS for name in floor]
    assert sorted(floors) == sorted(rooms)


def test_no_import_runs_up_or_into_another_room_on_the_same_floor():
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    assert [
        f"{module} imports {other}"
        for module, path in modules()
        for other in imports(path)
        if other and room(other) != room(module) and floor[room(other)] >= floor[room(module)]
    ] == []


def test_no_room_imports_what_is_private_to_another():
    """A module whose name begins with an underscore is private to the package that it lies in."""
    assert [
        f"{module} imports {other}"
        for module, path in modules()
        for other in imports(path)
        if _owner(other) is not None and not f"{module}.".startswith(_owner(other))
    ] == []


def _owner(module):
    """The package that a private module lies in, with a dot behind it; None for a public module."""
    parts = module.split(".")
    place = next(
        (place for place, part in enumerate(parts) if part.startswith("_") and part != "__main__"), None
    )
    return None if place is None else "".join(f"{part}." for part in parts[:place])


def test_no_two_modules_import_each_other():
    graph = defaultdict(set)
    for module, path in modules():
        graph[module] |= set(imports(path)) - {module}
    for module in graph:
        waiting, seen = list(graph[module]), set()
        while waiting:
            other = waiting.pop()
            assert other != module, f"{module} imports itself by way of {seen}"
            if other not in seen:
                seen.add(other)
                waiting.extend(graph.get(other, ()))


def test_the_package_knows_neither_snakemake_nor_the_configuration_of_the_workflow():
    for module, path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "snakemake" for name in names), module


def test_files_are_read_and_written_by_one_room_alone():
    """Fetching moves bytes between files, and the digests of the sources are of their bytes."""
    for module, path in modules():
        if room(module) in ("files", "fetching", "provenance", "registry"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
                assert not names & {"json.load", "pyarrow.parquet", "pickle", "tarfile", "zipfile"}, module
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                last = called.rpartition(".")[2]
                assert last not in (
                    "open",
                    "read_text",
                    "write_text",
                    "read_bytes",
                    "write_bytes",
                ) or called in (
                    "read_text",
                    "write_text",
                ), f"{module}: {called}"
                assert not re.fullmatch(
                    r"pd\.read_\w+|(json|torch|np|yaml)\.(load|safe_load|save)", called
                ), f"{module}: {called}"

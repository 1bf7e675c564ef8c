"""The rooms of the package: which imports which, and what stays private."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import draw_rooms
from draw_rooms import FLOORS, modules, room
from zcrepro import provenance

ROOT = Path(__file__).parents[1]


def trees():
    """Each module with the syntax tree of its file."""
    for module in modules():
        path = provenance.ROOT.parent.joinpath(*module.split(".")).with_suffix(".py")
        yield module, ast.parse(path.read_text())


def test_every_room_stands_on_one_floor():
    rooms = set(map(room, modules()))
    floors = [name for floor in FLOORS for name in floor]
    assert sorted(floors) == sorted(rooms)


def test_no_import_runs_up_or_into_another_room_on_the_same_floor():
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    assert [
        f"{module} imports {other}"
        for module in modules()
        for other in provenance.imports(module)
        if room(other) != room(module) and floor[room(other)] >= floor[room(module)]
    ] == []


def test_no_room_imports_what_is_private_to_another():
    """A module whose name begins with an underscore is private to the package that it lies in."""
    assert [
        f"{module} imports {other}"
        for module in modules()
        for other in provenance.imports(module)
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
    graph = {module: set(provenance.imports(module)) - {module} for module in modules()}
    for module in graph:
        waiting, seen = list(graph[module]), set()
        while waiting:
            other = waiting.pop()
            assert other != module, f"{module} imports itself by way of {seen}"
            if other not in seen:
                seen.add(other)
                waiting.extend(graph.get(other, ()))


def test_the_picture_of_the_rooms_shows_the_imports_of_the_code_and_no_others():
    titles = re.findall(r"<title>(\w+)&#45;&gt;(\w+)</title>", (ROOT / "docs/rooms.svg").read_text())
    drawn = {(name, other) for name, other in titles if not name.isdigit()}
    direct = {(name, other) for name, others in draw_rooms.imported_rooms().items() for other in others}
    assert drawn <= direct
    assert closure(drawn) == closure(direct), "run make pictures"
    for arrow in drawn:
        assert arrow not in closure(drawn - {arrow}), f"{arrow} follows from the other arrows"


def closure(arrows):
    """The pairs that a path of arrows connects."""
    found = set(arrows)
    while more := {(a, d) for a, b in found for c, d in found if b == c} - found:
        found |= more
    return found


def test_the_package_knows_neither_snakemake_nor_the_configuration_of_the_workflow():
    for module, tree in trees():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "snakemake" for name in names), module


def test_stages_that_run_no_network_start_without_torch():
    """It takes a second and more to import, and most jobs of a run are of these stages."""
    stages = ["fetch", "features", "timings", "trainings", "searches", "evolve", "generalize", "lead"]
    stages += ["table", "deviations", "figure", "report"]
    imported = "; ".join(f"import {provenance.STAGES[stage]}" for stage in stages)
    code = f"import sys; {imported}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_files_are_read_and_written_by_one_room_alone():
    """Fetching moves bytes between files, and the digests of the sources are of their bytes."""
    for module, tree in trees():
        if room(module) in ("files", "fetching", "provenance", "registry"):
            continue
        for node in ast.walk(tree):
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

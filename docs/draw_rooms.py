"""Draw the rooms of the package: ``python docs/draw_rooms.py | dot -Tsvg > docs/rooms.svg``.

A room is a package or a single module directly below ``zcrepro``. Rooms on one floor stand side by side, and
an arrow leads from a room to one that it imports. An import between two rooms is not drawn if a longer path
of arrows connects them already: the drawing is the transitive reduction of the imports.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from zcrepro import provenance

FLOORS = (
    ("files", "seeds", "progress", "checkout"),
    ("settings", "ranking", "networks"),
    ("provenance", "expressions"),
    ("registry", "programs"),
    ("fetching", "spaces", "images"),
    ("proxies",),
    ("benchmarks", "training"),
    ("problems",),
    ("formulas",),
    ("evolved", "scoring", "evolve", "generalization", "leaderboard"),
    ("searching",),
    ("report",),
    ("commands",),
    ("cli",),
    ("__main__", "__init__"),
)
"""The rooms from the ground up. A module imports from its own room and from the floors below it."""

NOT_DRAWN = "__init__"  # it holds the public names and imports nothing before one of them is used

STYLE = """\
  graph [bgcolor=white, margin=0, nodesep=0.25, ranksep=0.3]
  node [shape=box, style="rounded,filled", fillcolor="#eef3fa", color="#3b6ea8"]
  node [fontname="Helvetica", fontsize=11]
  edge [color="#777777", arrowsize=0.6]
"""

Imports = Mapping[str, set[str]]
"""The rooms that each room imports."""


def modules() -> list[str]:
    """Return the dotted name of every module of the package, ``zcrepro.`` included."""
    paths = (path.relative_to(provenance.ROOT.parent) for path in provenance.ROOT.rglob("*.py"))
    return sorted(".".join(path.with_suffix("").parts) for path in paths)


def room(module: str) -> str:
    """Return the room in which a module is."""
    return module.split(".")[1]


def imported_rooms() -> dict[str, set[str]]:
    """Return the other rooms that each room imports."""
    found: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        found[room(module)] |= {room(name) for name in provenance.imports(module)} - {room(module)}
    return dict(found)


def reduced(imports: Imports) -> dict[str, set[str]]:
    """Return the transitive reduction of imports that form no cycle."""
    return {
        room: direct - {far for near in direct for far in _reached(near, imports)}
        for room, direct in imports.items()
    }


def _reached(start: str, imports: Imports) -> set[str]:
    return {far for near in imports[start] for far in (near, *_reached(near, imports))}


def lines() -> dict[str, int]:
    """Return the number of lines of each room, without blank ones."""
    found: dict[str, int] = defaultdict(int)
    for module in modules():
        path = provenance.ROOT.parent.joinpath(*module.split(".")).with_suffix(".py")
        found[room(module)] += sum(
            bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines()
        )
    return dict(found)


def drawing() -> Iterator[str]:
    """Yield the lines of the drawing in the language of Graphviz."""
    sizes = lines()
    yield "digraph rooms {"
    yield STYLE
    for number, floor in enumerate(FLOORS):
        # An invisible node on each floor keeps the floors in their order.
        names = [name for name in floor if name != NOT_DRAWN]
        yield f'  {{ rank=same; {number} [style=invis, width=0, label=""]; {"; ".join(names)} }}'
        yield from (f'  {name} [label="{name}\\n{_about(sizes[name])} lines"]' for name in names)
    for below, above in pairwise(range(len(FLOORS))):
        yield f"  {above} -> {below} [style=invis]"
    for name, direct in sorted(reduced(imported_rooms()).items()):
        yield from (f"  {name} -> {other}" for other in sorted(direct))
    yield "}"


def _about(number: int) -> str:
    """Return a number to the nearest ten, so that a small edit does not make the drawing wrong."""
    return f"{round(number, -1) or number:,}"


if __name__ == "__main__":
    print("\n".join(drawing()))

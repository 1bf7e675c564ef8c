"""The recipe of a NAS-Bench-NLP cell: its text, its canonical numbering, and its evaluation.

Source: Klyuchnikov et al., NAS-Bench-NLP, IEEE Access 2022, and the released code. A recipe computes the new
states of a recurrent cell from ``x``, the input at one position, and ``h0``, ``h1`` and ``h2``, the states
after the position before. Its nodes are numbered from 1 and written in order, each with its operation and
what it reads; the last entry names the nodes that are the new states. The first state is also the output of
the cell. This is a plain recurrent network, and a gated one of two states:

    linear~x,h0|tanh~1|state~2
    linear~x,h1|linear~x,h0|sigm~2|tanh~1|blend~3,h0,4|prod~2,4|state~5,6

| operation | value |
| --- | --- |
| linear | the sum of one matrix times each source, plus a bias |
| tanh, sigm, leaky_relu | the activation of its source |
| prod, sum | the elementwise product or sum of its sources |
| blend | g a + (1 - g) b of its sources g, a, b |

The benchmark names the nodes instead of numbering them. Recipes that differ in names, in the order of the
nodes, in the order of the sources of linear, prod or sum, or in the numbering of the states behind the first
describe one cell. Each cell is written in one numbering, which ``numbered`` finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from heapq import heapify, heappop, heappush
from itertools import permutations

from zcrepro.spaces.base import Arch

SOURCES = {
    "linear": (2, 3),
    "tanh": (1,),
    "sigm": (1,),
    "leaky_relu": (1,),
    "prod": (2,),
    "sum": (2,),
    "blend": (3,),
}
"""How many sources the nodes of each operation may read."""

ORDERED = "blend"
"""The only operation for which the order of its sources matters."""

STATE = "state"
MOST_STATES = 3

X = 0
"""The number that stands for the input. State k is -1 - k, and the nodes are positive."""

Node = tuple[str, tuple[int, ...]]
Colours = Mapping[int, int]
"""The class of each node, of the input and of the states: those that may be equal have equal classes."""


def state(k: int) -> int:
    """Return the number that stands for state ``k`` after the position before."""
    return -1 - k


def write(recipe: Arch) -> str:
    """Return the text of a recipe: for each node its operation and sources, joined by ``|``."""
    return "|".join(f"{operation}~{','.join(map(_name, sources))}" for operation, sources in recipe)


def _name(source: int) -> str:
    if source == X:
        return "x"
    return f"h{-1 - source}" if source < 0 else str(source)


def read(text: str) -> Arch:
    """Return the recipe written as ``text``, in the numbering of the text; the inverse of ``write``.

    Raises ValueError, which names the token, if the text is not a recipe.
    """
    *tokens, last = text.split("|")
    operation, _, states = last.partition("~")
    count = len(states.split(","))
    if operation != STATE or count > MOST_STATES:
        raise ValueError(f"{text!r} ends with {last!r} instead of {STATE}~ and 1 to {MOST_STATES} nodes")
    recipe = tuple(_node(token, place, count, text) for place, token in enumerate([*tokens, last], start=1))
    _require_used(recipe, text)
    return recipe


def _node(token: str, place: int, states: int, text: str) -> Node:
    """Return the node in place ``place``, or the new states, whose entry is the last."""
    operation, _, names = token.partition("~")
    known = {_name(source): source for source in (X, *map(state, range(states)), *range(1, place))}
    if operation not in (*SOURCES, STATE):
        raise ValueError(f"unknown operation {operation!r} in {text!r}; there are {', '.join(SOURCES)}")
    for name in names.split(","):
        if name not in known:
            raise ValueError(f"{token!r} in {text!r} reads {name!r}, and there are {', '.join(known)}")
    sources = tuple(known[name] for name in names.split(","))
    if len(set(sources)) < len(sources):
        raise ValueError(f"{token!r} in {text!r} reads a source twice")
    if operation in SOURCES and len(sources) not in SOURCES[operation]:
        allowed = " or ".join(map(str, SOURCES[operation]))
        raise ValueError(f"{token!r} in {text!r} has {len(sources)} sources; {operation} has {allowed}")
    if operation == STATE and (place == 1 or min(sources) < 1):
        raise ValueError(f"{token!r} in {text!r} names new states that are no nodes")
    return operation, sources


def _require_used(recipe: Arch, text: str) -> None:
    """Raise ValueError unless every node is read or a new state, and every state is read."""
    used = {source for _, sources in recipe for source in sources}
    for source in (*range(1, len(recipe)), *map(state, range(len(recipe[-1][1])))):
        if source not in used:
            raise ValueError(f"no node of {text!r} reads {_name(source)!r}")


@lru_cache(maxsize=1 << 15)
def numbered(recipe: Arch) -> Arch:
    """Return the cell of a recipe in its one numbering: recipes of equal cells give equal results.

    Nodes are classed by what they compute and by what reads them, until nothing more tells them apart.
    Nodes that are still alike are told apart in every possible way, and the smallest recipe is taken.
    """
    states = len(recipe[-1][1])
    renamed = (_with_states(recipe, (0, *others)) for others in permutations(range(1, states)))
    return min(candidate for each in renamed for candidate in _candidates(each, _initial(each)))


def _with_states(recipe: Arch, order: Sequence[int]) -> Arch:
    """Return the recipe in which state ``order[k]`` is state k."""
    new = {state(old): state(k) for k, old in enumerate(order)}
    *nodes, (_, states) = recipe
    moved = tuple((operation, tuple(new.get(s, s) for s in sources)) for operation, sources in nodes)
    return *moved, (STATE, tuple(states[old] for old in order))


def _initial(recipe: Arch) -> Colours:
    *nodes, (_, states) = recipe
    kinds: dict[int, tuple[str, int]] = {X: ("", 0)} | {state(k): ("", -1 - k) for k in range(len(states))}
    for number, (operation, _) in enumerate(nodes, start=1):
        kinds[number] = operation, states.index(number) if number in states else MOST_STATES
    return _ranked(kinds)


def _candidates(recipe: Arch, colours: Colours) -> Iterator[Arch]:
    """Yield the recipe in the numbering of each way in which the classes can be split further."""
    colours = _refined(recipe, colours)
    alike: dict[int, list[int]] = {}
    for number, colour in colours.items():
        alike.setdefault(colour, []).append(number)
    first = min((colour for colour, members in alike.items() if len(members) > 1), default=None)
    if first is None:
        yield _in_order(recipe, colours)
        return
    for number in alike[first]:
        yield from _candidates(recipe, _ranked({n: (c, n != number) for n, c in colours.items()}))


def _refined(recipe: Arch, colours: Colours) -> Colours:
    """Split classes by the classes of sources and of readers until no class is split any more."""
    while True:
        seen: dict[int, list[tuple[int, int]]] = {number: [] for number in colours}
        found: dict[int, tuple[int, ...]] = {}
        for number, (operation, sources) in enumerate(recipe[:-1], start=1):
            of = [colours[source] for source in sources]
            found[number] = tuple(of if operation == ORDERED else sorted(of))
            for place, source in enumerate(sources):
                seen[source].append((colours[number], place if operation == ORDERED else 0))
        finer = _ranked({n: (c, found.get(n, ()), tuple(sorted(seen[n]))) for n, c in colours.items()})
        if len(set(finer.values())) == len(set(colours.values())):
            return finer
        colours = finer


def _ranked(keys: Mapping[int, tuple[object, ...]]) -> Colours:
    """Return the rank of each key among the different keys."""
    ranks = {key: rank for rank, key in enumerate(sorted(set(keys.values())))}
    return {number: ranks[key] for number, key in keys.items()}


def _in_order(recipe: Arch, colours: Colours) -> Arch:
    """Return the recipe with nodes behind their sources, and otherwise in the order of their classes."""
    *nodes, (_, states) = recipe
    waiting = {number: {s for s in of if s > 0} for number, (_, of) in enumerate(nodes, start=1)}
    ready = [(colours[number], number) for number, of in waiting.items() if not of]
    heapify(ready)
    new: dict[int, int] = {}
    while ready:
        _, number = heappop(ready)
        new[number] = len(new) + 1
        for reader, of in waiting.items():
            if number in of:
                of.remove(number)
                if not of:
                    heappush(ready, (colours[reader], reader))
    ordered = tuple((nodes[old - 1][0], _sources(nodes[old - 1], new)) for old in new)
    return *ordered, (STATE, tuple(new[number] for number in states))


def _sources(node: Node, new: Mapping[int, int]) -> tuple[int, ...]:
    """Return the sources in their new numbers: the input, then states, then nodes unless order matters."""
    operation, sources = node
    renamed = [new.get(source, source) for source in sources]
    return tuple(renamed if operation == ORDERED else sorted(renamed, key=lambda s: (s > 0, abs(s))))


def from_nodes(nodes: Mapping[str, tuple[str, Sequence[str]]], states: Sequence[str]) -> Arch:
    """Return the cell of named nodes, in its one numbering.

    ``nodes`` maps the name of each node to its operation and sources, in any order. A source is ``x``, ``h0``
    to ``h2``, or the name of a node. ``states`` names the nodes that are the new states. Raises ValueError if
    a source is unknown, if nodes read each other in a circle, or if the result is no recipe.
    """
    numbers: dict[str, str] = {}
    rest = dict(nodes)
    while rest:
        free = [name for name, (_, sources) in rest.items() if not set(sources) & rest.keys()]
        if not free:
            raise ValueError(f"the nodes {', '.join(sorted(rest))} read each other in a circle")
        for name in free:
            numbers[name] = str(len(numbers) + 1)
            del rest[name]
    tokens = [
        f"{nodes[name][0]}~{','.join(numbers.get(source, source) for source in nodes[name][1])}"
        for name in numbers
    ]
    return numbered(read("|".join([*tokens, f"{STATE}~{','.join(numbers[name] for name in states)}"])))

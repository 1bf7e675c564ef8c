"""Keep the states of runs in a journal, so that what was killed goes on from its last generation.

Trees are written as the names of their nodes in prefix order, and fitness in hexadecimal, which is exact.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from zcrepro.evolve._engine.selection import Individual
from zcrepro.evolve._engine.state import Generation, State
from zcrepro.evolve._engine.tree import Node, Primitives, Tree
from zcrepro.files.journal import Journal


def kept(journal: Journal, primitives: Primitives, restart: int) -> list[State]:
    """Return the states of a restart that were kept, one per generation from the initial population on."""
    nodes = {node.name: node for node in (*primitives.functions, *primitives.terminals)}
    return [
        State(
            _individuals(value["population"], nodes),
            _individuals(value["discarded"], nodes),
            _individuals(value["front"], nodes),
            Generation(**value["line"]),
            value["generator"],
        )
        for value in journal.values()
        if value["restart"] == restart
    ]


def keep(journal: Journal, restart: int, state: State) -> None:
    """Write a state to disk."""
    journal.add(
        {
            "restart": restart,
            "population": [_as_json(individual) for individual in state.population],
            "discarded": [_as_json(individual) for individual in state.discarded],
            "front": [_as_json(individual) for individual in state.front],
            "line": asdict(state.line),
            "generator": state.generator,
        }
    )


def _individuals(values: Iterable[tuple[str, str]], nodes: Mapping[str, Node]) -> list[Individual]:
    return [
        Individual(Tree([nodes[name] for name in text.split()]), float.fromhex(fitness))
        for text, fitness in values
    ]


def _as_json(individual: Individual) -> tuple[str, Any]:
    return " ".join(individual.tree.names), individual.fitness.hex()

"""Keep the states of a run in a journal, so that a run that was killed goes on from its last generation.

Trees are written as the names of their nodes in prefix order, and fitness in hexadecimal, which is exact.
"""

from dataclasses import asdict

from zcrepro.evolve._engine.selection import Individual
from zcrepro.evolve._engine.state import Generation, State
from zcrepro.evolve._engine.tree import Primitives, Tree
from zcrepro.files.journal import Journal


def kept(journal: Journal, primitives: Primitives) -> list[State]:
    """Return the states that were kept, one per generation from the initial population on."""
    nodes = {node.name: node for node in (*primitives.functions, *primitives.terminals)}
    return [
        State(
            [
                Individual(Tree([nodes[name] for name in text.split()]), float.fromhex(fitness))
                for text, fitness in value["population"]
            ],
            Generation(**value["line"]),
            value["generator"],
        )
        for value in journal.values()
    ]


def keep(journal: Journal, state: State) -> None:
    """Write a state to disk."""
    journal.add(
        {
            "population": [_as_json(individual) for individual in state.population],
            "line": asdict(state.line),
            "generator": state.generator,
        }
    )


def _as_json(individual: Individual) -> tuple[str, str]:
    return " ".join(individual.tree.names), individual.fitness.hex()

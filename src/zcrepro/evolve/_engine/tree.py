"""Trees of functions and terminals: DEAP's, the nodes in prefix order, with operators that change none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

from deap import gp


class Node(NamedTuple):
    """A function with ``arity`` operands, or a terminal, whose arity is 0."""

    name: str
    arity: int = 0


class Tree(gp.PrimitiveTree):  # type: ignore[misc]
    """The nodes of one tree. Operators return new trees and change none, so a tree can be a key."""

    def __hash__(self) -> int:
        return hash(self.names)

    @cached_property
    def names(self) -> "Names":
        """The names of the nodes in prefix order."""
        return tuple([node.name for node in self])

    def subtree(self, root: int) -> "Tree":
        """Return the subtree whose root stands at ``root``."""
        return Tree(self[self.searchSubtree(root)])

    def replaced(self, root: int, new: Iterable[Node]) -> "Tree":
        """Return this tree with ``new`` in place of the subtree whose root stands at ``root``."""
        places = self.searchSubtree(root)
        return Tree([*self[: places.start], *new, *self[places.stop :]])


Names: TypeAlias = tuple[str, ...]
"""The names of the nodes of one tree in prefix order."""


@dataclass(frozen=True)
class Primitives:
    """The functions and terminals that trees are made of."""

    functions: Sequence[Node]
    terminals: Sequence[Node]

    def of_arity(self, arity: int) -> list[Node]:
        """Return the nodes with ``arity`` operands; with arity 0, the terminals."""
        return [node for node in (*self.functions, *self.terminals) if node.arity == arity]

    @property
    def terminal_ratio(self) -> float:
        """Share of the terminals among all nodes."""
        return len(self.terminals) / (len(self.functions) + len(self.terminals))

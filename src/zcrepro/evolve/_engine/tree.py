"""Trees of functions and terminals, stored as their nodes in prefix order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Node(NamedTuple):
    """A function with ``arity`` operands, or a terminal, whose arity is 0."""

    name: str
    arity: int = 0


Tree: TypeAlias = tuple[Node, ...]
"""The nodes of one tree in prefix order. Operators return new trees and change none."""

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


def names(tree: Tree) -> Names:
    """Return the names of the nodes in prefix order."""
    return tuple(node.name for node in tree)


def height(tree: Tree) -> int:
    """Return the number of functions on the longest path from the root to a terminal."""
    depths, highest = [0], 0
    for node in tree:
        depth = depths.pop()
        highest = max(highest, depth)
        depths.extend([depth + 1] * node.arity)
    return highest


def subtree(tree: Tree, root: int) -> slice:
    """Return the places of the subtree whose root stands at ``root``."""
    end, missing = root + 1, tree[root].arity
    while missing:
        missing += tree[end].arity - 1
        end += 1
    return slice(root, end)


def replaced(tree: Tree, places: slice, new: Tree) -> Tree:
    """Return ``tree`` with the subtree ``new`` in place of the subtree at ``places``."""
    return tree[: places.start] + new + tree[places.stop :]

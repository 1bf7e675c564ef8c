"""Programs: expressions of operators over the tensors of one layer."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from zcrepro.expressions import ATOM, Expression, Language
from zcrepro.programs.operators import OPERATORS
from zcrepro.programs.terminals import TERMINALS


def _upright(terminal: str) -> tuple[str, int]:
    """Return the LaTeX of a terminal, and how tightly it binds."""
    return TERMINALS[terminal].latex, ATOM


class Program(Expression):
    """A program, as the names of its operators and tensors in prefix order.

    Raises ValueError if ``tokens`` does not spell exactly one tree, or names an unknown tensor.
    """

    language: ClassVar[Language] = Language("program", "operator", "tensor", OPERATORS, TERMINALS)

    def latex(self, terminal: Callable[[str], tuple[str, int]] = _upright) -> str:
        """Return LaTeX for math mode, whose symbols ``where`` defines.

        ``terminal`` maps the name of a tensor to its LaTeX and to how tightly that binds.
        """
        return super().latex(terminal)

    @property
    def where(self) -> str:
        """The definitions of the operators and tensors of the program, as text."""
        operators = [OPERATORS[name].definition for name in self.functions]
        return "; ".join([*operators, *(f"{name}: {TERMINALS[name].text}" for name in self.terminals)])

    @torch.no_grad()
    def value(self, tensors: Mapping[str, Tensor]) -> float:
        """Return the value on one layer: the mean of the elements of the output.

        Equal subexpressions are computed once.

        ``tensors`` maps the name of each tensor in the program to one of any shape; they share one
        floating-point type, in which the value is computed, and one device. They are not changed.

        Raises
        ------
        UndefinedScoreError
            If an operator has no value for its operands.
        ValueError
            If a tensor is missing.
        MemoryError, torch.OutOfMemoryError, torch.AcceleratorError
            If memory is short or the GPU has failed, which says nothing about the layer.
        """
        if missing := [name for name in self.terminals if name not in tensors]:
            raise ValueError(
                f"no tensor {', '.join(missing)} for {self}; there are {', '.join(sorted(tensors))}"
            )
        # Evolved programs repeat subexpressions. Equal ones have the same operands, so that the second is
        # looked up. Identities stay unique because `leaves` and `known` keep every tensor alive.
        leaves = {name: tensors[name] for name in self.terminals}
        known: dict[tuple[object, ...], Tensor] = {}

        def call(name: str, operands: Sequence[Tensor]) -> Tensor:
            key = (name, *map(id, operands))
            if key not in known:
                known[key] = OPERATORS[name](*operands)
            return known[key]

        output = self.fold(leaves.__getitem__, call)
        return float(OPERATORS["mean"](output))

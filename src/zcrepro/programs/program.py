"""Programs: expressions of operators over the tensors of one layer, and the scores of networks."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

import torch
from torch import Tensor

from zcrepro.expressions import ATOM, Expression, Language
from zcrepro.programs.operators import OPERATORS, UndefinedError
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

    def value(self, tensors: Mapping[str, Tensor]) -> float:
        """Return the value on one layer: the mean of the elements of the output.

        ``tensors`` maps the name of each tensor in the program to one of any shape; they share one
        floating-point type, in which the value is computed, and one device. They are not changed.

        Raises
        ------
        UndefinedError
            If an operator has no value for its operands.
        ValueError
            If a tensor is missing.
        MemoryError, torch.OutOfMemoryError, torch.AcceleratorError
            If memory is short or the GPU has failed, which says nothing about the layer.
        """
        return float(self._mean_output(tensors))

    def score(self, layers: Iterable[Mapping[str, Tensor]]) -> tuple[float, str]:
        """Return the score of a network and ``ok``, or NaN and the reason.

        The score is the mean, in double precision, over the layers that have a value. ``layers`` holds the
        tensors of each (see ``value``, which also lists the errors).
        """
        outputs, reasons = [], []
        for tensors in layers:
            try:
                outputs.append(self._mean_output(tensors))
            except UndefinedError as reason:
                reasons.append(str(reason))
        if not outputs:
            return math.nan, f"no layer has a value: {reasons[0]}" if reasons else "there are no layers"
        # Stacked, since each transfer from a GPU waits for all that it has to do.
        score = torch.stack(outputs).cpu().double().mean().item()
        return (score, "ok") if math.isfinite(score) else (math.nan, f"the mean over the layers is {score}")

    @torch.no_grad()
    def _mean_output(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """Return the value on one layer as a scalar tensor on the device of ``tensors``."""
        if missing := [name for name in self.terminals if name not in tensors]:
            raise ValueError(
                f"no tensor {', '.join(missing)} for {self}; there are {', '.join(sorted(tensors))}"
            )
        output = self.fold(tensors.__getitem__, lambda name, operands: OPERATORS[name](*operands))
        return OPERATORS["mean"](output)

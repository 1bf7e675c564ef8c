"""Formulas over proxies: expressions that have values on columns of scores."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from zcrepro.expressions import Expression, Language
from zcrepro.formulas.functions import FUNCTIONS

Compute = Callable[..., np.ndarray]

TOTAL: Mapping[str, Compute] = {name: function.compute for name, function in FUNCTIONS.items()}
FAST: Mapping[str, Compute] = {name: function.fast for name, function in FUNCTIONS.items()}
UNARY = {name for name, function in FUNCTIONS.items() if function.arity == 1}


class Formula(Expression):
    """A formula, as the names of its functions and terminals in prefix order.

    Raises ValueError if ``tokens`` does not spell exactly one tree.
    """

    language: ClassVar[Language] = Language("formula", "function", "proxy", FUNCTIONS)

    def evaluate(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the values on ``columns``, as float64.

        ``columns`` maps each terminal to a float64 array; all have one shape, which is that of the result.
        A value is NaN if a step of the formula is not finite. Raises ValueError, which names the missing
        terminals, if a terminal has no column.
        """
        missing = sorted({name for name in self.tokens if name not in columns} - FUNCTIONS.keys())
        if missing:
            raise ValueError(
                f"no column {', '.join(missing)} for {self}; there are {', '.join(sorted(columns))}"
            )
        values = evaluated(self.tokens, columns)
        # A single terminal is the caller's own array.
        return np.array(values, np.float64, copy=True if self.size == 1 else None)


def evaluated(tokens: Sequence[str], columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the value of a formula, whose names stand in prefix order, on ``columns``.

    It is ``Formula.evaluate`` without its checks, for the inner loop of an evolution. A formula of one
    terminal is the caller's own array.
    """
    try:
        # Nothing becomes infinite unnoticed: finite operands have an infinite result only by overflow.
        with np.errstate(over="raise", invalid="raise", under="ignore"):
            return _evaluated(tokens, columns, FAST)
    except FloatingPointError:
        with np.errstate(all="ignore"):
            return _evaluated(tokens, columns, TOTAL)


def _evaluated(
    tokens: Sequence[str], columns: Mapping[str, np.ndarray], functions: Mapping[str, Compute]
) -> np.ndarray:
    stack: list[np.ndarray] = []
    for token in reversed(tokens):
        column = columns.get(token)
        if column is not None:
            stack.append(column)
        elif token in UNARY:
            stack.append(functions[token](stack.pop()))
        else:
            stack.append(functions[token](stack.pop(), stack.pop()))
    return stack.pop()

"""Formulas over named terminals: their text, their LaTeX, and their values on columns of scores.

A formula is stored in prefix order and evaluated with a stack. Nothing is compiled, and neither depth nor
size meets Python's recursion limit.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from zcrepro.formulas.functions import FUNCTIONS, Function
from zcrepro.settings import unknown_name

Value = TypeVar("Value")

Compute = Callable[..., np.ndarray]

TOTAL: Mapping[str, Compute] = {name: function.compute for name, function in FUNCTIONS.items()}
FAST: Mapping[str, Compute] = {name: function.fast for name, function in FUNCTIONS.items()}
UNARY = {name for name, function in FUNCTIONS.items() if function.arity == 1}

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TOKEN = re.compile(rf"\s*({NAME.pattern}|\S)")


@dataclass(frozen=True)
class Formula:
    """A formula, as the names of its functions and terminals in prefix order.

    Raises ValueError if ``tokens`` does not spell exactly one tree.
    """

    tokens: tuple[str, ...]

    def __post_init__(self) -> None:
        wanted = 1
        for token in self.tokens:
            if not wanted:
                raise ValueError(f"{token!r} comes after the end of the formula {' '.join(self.tokens)}")
            wanted += FUNCTIONS[token].arity - 1 if token in FUNCTIONS else -1
        if wanted:
            raise ValueError(f"the formula {' '.join(self.tokens)!r} lacks {wanted} operands")

    @classmethod
    def parse(cls, text: str) -> "Formula":
        """Return the formula written as ``text``, such as ``add(log(synflow), mul(nwot, jacov))``.

        Raises ValueError, which names the wrong token and its position, counted from 1.
        """
        return cls(tuple(_Parser(text).names()))

    def __str__(self) -> str:
        """Return the text, the inverse of ``parse``."""
        parts: list[str] = []
        open_operands: list[int] = []
        for token in self.tokens:
            parts.append(token)
            if token in FUNCTIONS:
                parts.append("(")
                open_operands.append(FUNCTIONS[token].arity)
                continue
            while open_operands:
                open_operands[-1] -= 1
                if open_operands[-1]:
                    parts.append(", ")
                    break
                parts.append(")")
                open_operands.pop()
        return "".join(parts)

    def latex(self, terminal: Callable[[str], tuple[str, int]]) -> str:
        """Return LaTeX for math mode.

        ``terminal`` maps the name of a terminal to its LaTeX and to how tightly that binds.
        """
        return self._fold(terminal, _latex_of_call)[0]

    @property
    def functions(self) -> tuple[str, ...]:
        """The distinct names of the functions, in the order of the function set."""
        return tuple(name for name in FUNCTIONS if name in self.tokens)

    @property
    def size(self) -> int:
        """The number of nodes."""
        return len(self.tokens)

    @property
    def depth(self) -> int:
        """The number of functions on the longest path from the root to a terminal."""
        return self._fold(lambda _: 0, lambda _, operands: 1 + max(operands))

    @property
    def terminals(self) -> tuple[str, ...]:
        """The distinct names of the terminals, sorted."""
        return tuple(sorted(set(self.tokens) - FUNCTIONS.keys()))

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

    def _fold(
        self, leaf: Callable[[str], Value], node: Callable[[Function, Sequence[Value]], Value]
    ) -> Value:
        """Return the value of the tree, computed from its leaves upwards."""
        stack: list[Value] = []
        for token in reversed(self.tokens):
            function = FUNCTIONS.get(token)
            if function is None:
                stack.append(leaf(token))
            else:
                operands = [stack.pop() for _ in function.places]
                stack.append(node(function, operands))
        return stack.pop()


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


def _latex_of_call(function: Function, operands: Sequence[tuple[str, int]]) -> tuple[str, int]:
    """Return the LaTeX of a call, with brackets around operands that bind too loosely, and how it binds."""
    placed = (
        text if binds >= place else rf"\left({text}\right)"
        for (text, binds), place in zip(operands, function.places, strict=True)
    )
    return function.latex % tuple(placed), function.binds


class _Parser:
    """Parses in one pass over the tokens, with the open calls on a stack instead of recursion."""

    def __init__(self, text: str) -> None:
        self._text = text
        found = [(match[1], match.start(1) + 1) for match in TOKEN.finditer(text)]
        self._tokens = [*found, ("", len(text) + 1)]  # the empty token is the end of the text
        self._open: list[tuple[Function, int]] = []

    def names(self) -> Iterator[str]:
        """Yield the names of functions and terminals in prefix order."""
        place = 0
        while True:
            name, position = self._tokens[place]
            if self._tokens[place + 1 : place + 2] and self._tokens[place + 1][0] == "(":
                self._open.append((self._function(name, position), 1))
                place += 2
                yield name
                continue
            yield self._terminal(name, position)
            place = self._close(place + 1)
            if not self._open:
                break
        self._expect_end(place)

    def _close(self, place: int) -> int:
        """Read closing brackets and the comma behind them, and return the place of the next operand."""
        while self._open:
            token, position = self._tokens[place]
            function, operand = self._open.pop()
            last = operand == function.arity
            if token != (")" if last else ","):
                expected = f"')' after operand {operand}" if last else f"',' and operand {operand + 1}"
                raise self._error(token, position, f"expected {expected} of {function.name}")
            place += 1
            if not last:
                self._open.append((function, operand + 1))
                break
        return place

    def _function(self, name: str, position: int) -> Function:
        self._expect_name(name, position)
        if name not in FUNCTIONS:
            raise self._error(name, position, unknown_name("function", name, FUNCTIONS))
        return FUNCTIONS[name]

    def _terminal(self, name: str, position: int) -> str:
        self._expect_name(name, position)
        if name in FUNCTIONS:
            raise self._error(name, position, "a function needs its operands in brackets")
        return name

    def _expect_name(self, token: str, position: int) -> None:
        if not NAME.fullmatch(token):
            raise self._error(token, position, "expected the name of a function or of a proxy")

    def _expect_end(self, place: int) -> None:
        token, position = self._tokens[place]
        if token:
            raise self._error(token, position, "expected the end of the formula")

    def _error(self, token: str, position: int, what: str) -> ValueError:
        found = repr(token) if token else "the end"
        return ValueError(
            f"cannot read the formula {self._text!r}: {what}; found {found} at position {position}"
        )

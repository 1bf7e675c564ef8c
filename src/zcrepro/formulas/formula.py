"""Formulas over named terminals: their text, their LaTeX, and their values on columns of scores.

A formula is stored in prefix order and evaluated with a stack. Nothing is compiled, and neither depth nor
size meets Python's recursion limit.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from zcrepro.formulas.functions import ATOM, FUNCTIONS, PRODUCT, SLOG, SLOG_IS, Function
from zcrepro.problems.units import RELEASED_UNITS
from zcrepro.settings import unknown_name

Value = TypeVar("Value")

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TOKEN = re.compile(rf"\s*({NAME.pattern}|\S)")

RAW = "raw scores, and scores of every other name, are as zcrepro.score gives them"
FINITE = "there is no value if a step is not finite"


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

    @property
    def latex(self) -> str:
        """LaTeX for math mode, applied to scores in the units of ``zcrepro.score``.

        It ends with the definition of slog if that occurs.
        """
        latex = self._fold(_latex_of_terminal, _latex_of_call)[0]
        return rf"{latex}, \quad {SLOG_IS}" if SLOG in latex else latex

    @property
    def where(self) -> str:
        """The definitions of the functions and units that occur in the text."""
        return definitions([name for name in FUNCTIONS if name in self.tokens], self.terminals)

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
        with np.errstate(all="ignore"):
            values = self._fold(columns.__getitem__, lambda function, operands: function.compute(*operands))
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


def definitions(functions: Iterable[str], terminals: Iterable[str]) -> str:
    """Return the definitions of functions and terminals, with which a reader can compute a formula."""
    equations = [FUNCTIONS[name].definition for name in functions]
    units = {name: RELEASED_UNITS[name] for name in terminals if name in RELEASED_UNITS}
    equations += [f"{name} = {unit.text % f'raw {name}'}" for name, unit in units.items()]
    return "; ".join([*equations, RAW, FINITE])


def _latex_of_terminal(name: str) -> tuple[str, int]:
    """Return the LaTeX of a terminal, with the conversion of its unit, and how tightly it binds."""
    escaped = name.replace("_", r"\_")
    upright = rf"\mathrm{{{escaped}}}"
    return (RELEASED_UNITS[name].latex % upright, PRODUCT) if name in RELEASED_UNITS else (upright, ATOM)


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

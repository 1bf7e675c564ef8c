"""Expressions of functions and terminals: their text, their structure and their LaTeX.

An expression is stored in prefix order and handled with a stack. Nothing is compiled, and neither depth nor
size meets Python's recursion limit.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self, TypeVar

from zcrepro.settings import unknown_name

Value = TypeVar("Value")

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
TOKEN = re.compile(rf"\s*({NAME.pattern}|\S)")

NEGATIVE, SUM, PRODUCT, POWER, ATOM = range(5)
"""Precedence of LaTeX expressions. An operand gets brackets if its precedence is below that of its place."""

ANY = NEGATIVE
"""The precedence of a place whose operand never needs brackets."""


@dataclass(frozen=True)
class Symbol:
    """A function as it is written in expressions.

    Attributes
    ----------
    name
        The name in the text of an expression.
    text
        The value as text, for operands a and b, with ``^`` for powers.
    latex
        The value as LaTeX, with one ``%s`` per operand.
    binds
        The precedence of the LaTeX expression.
    places
        The least precedence that each operand may have without brackets.
    """

    name: str
    text: str
    latex: str
    binds: int
    places: tuple[int, ...]

    @cached_property
    def arity(self) -> int:
        """The number of operands."""
        return len(self.places)

    @property
    def definition(self) -> str:
        """The definition as an equation in text, such as ``neg(a) = -a``."""
        return f"{self.name}({', '.join('ab'[: self.arity])}) = {self.text}"


@dataclass(frozen=True)
class Language:
    """The names that expressions are made of, and what error messages call them.

    Attributes
    ----------
    expression, function, terminal
        The nouns for an expression, for its functions and for its terminals.
    functions
        The functions by name.
    terminals
        The names of the terminals, or None if every other name is a terminal.
    """

    expression: str
    function: str
    terminal: str
    functions: Mapping[str, Symbol]
    terminals: Collection[str] | None = None


@dataclass(frozen=True)
class Expression:
    """An expression in a language, as the names of its functions and terminals in prefix order.

    Raises ValueError if ``tokens`` does not spell exactly one tree, or names an unknown terminal.
    """

    tokens: tuple[str, ...]

    language: ClassVar[Language]

    def __post_init__(self) -> None:
        noun, functions, known = self.language.expression, self.language.functions, self.language.terminals
        wanted = 1
        for token in self.tokens:
            if not wanted:
                raise ValueError(f"{token!r} comes after the end of the {noun} {' '.join(self.tokens)}")
            if token not in functions and known is not None and token not in known:
                raise ValueError(unknown_name(self.language.terminal, token, known))
            wanted += functions[token].arity - 1 if token in functions else -1
        if wanted:
            raise ValueError(f"the {noun} {' '.join(self.tokens)!r} lacks {wanted} operands")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the expression written as ``text``, such as ``add(log(synflow), mul(nwot, jacov))``.

        Raises ValueError, which names the wrong token and its position, counted from 1.
        """
        return cls(tuple(_Parser(text, cls.language).names()))

    def __str__(self) -> str:
        """Return the text, the inverse of ``parse``."""
        parts: list[str] = []
        open_operands: list[int] = []
        for token in self.tokens:
            parts.append(token)
            if token in self.language.functions:
                parts.append("(")
                open_operands.append(self.language.functions[token].arity)
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
        functions = self.language.functions
        return self.fold(terminal, lambda name, operands: _latex_of_call(functions[name], operands))[0]

    @property
    def functions(self) -> tuple[str, ...]:
        """The distinct names of the functions, in the order of the function set."""
        return tuple(name for name in self.language.functions if name in self.tokens)

    @property
    def size(self) -> int:
        """The number of nodes."""
        return len(self.tokens)

    @property
    def depth(self) -> int:
        """The number of functions on the longest path from the root to a terminal."""
        return self.fold(lambda _: 0, lambda _, operands: 1 + max(operands))

    @property
    def terminals(self) -> tuple[str, ...]:
        """The distinct names of the terminals, sorted."""
        return tuple(sorted(set(self.tokens) - self.language.functions.keys()))

    def fold(self, leaf: Callable[[str], Value], node: Callable[[str, Sequence[Value]], Value]) -> Value:
        """Return the value of the tree, computed from its leaves upwards.

        ``leaf`` maps the name of a terminal to its value, and ``node`` the name of a function and the values
        of its operands to the value of the call.
        """
        stack: list[Value] = []
        for token in reversed(self.tokens):
            function = self.language.functions.get(token)
            if function is None:
                stack.append(leaf(token))
            else:
                operands = [stack.pop() for _ in function.places]
                stack.append(node(token, operands))
        return stack.pop()


def _latex_of_call(function: Symbol, operands: Sequence[tuple[str, int]]) -> tuple[str, int]:
    """Return the LaTeX of a call, with brackets around operands that bind too loosely, and how it binds."""
    placed = (
        text if binds >= place else rf"\left({text}\right)"
        for (text, binds), place in zip(operands, function.places, strict=True)
    )
    return function.latex % tuple(placed), function.binds


class _Parser:
    """Parses in one pass over the tokens, with the open calls on a stack instead of recursion."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        found = [(match[1], match.start(1) + 1) for match in TOKEN.finditer(text)]
        self._tokens = [*found, ("", len(text) + 1)]  # the empty token is the end of the text
        self._open: list[tuple[Symbol, int]] = []

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

    def _function(self, name: str, position: int) -> Symbol:
        self._expect_name(name, position)
        functions = self._language.functions
        if name not in functions:
            raise self._error(name, position, unknown_name(self._language.function, name, functions))
        return functions[name]

    def _terminal(self, name: str, position: int) -> str:
        self._expect_name(name, position)
        if name in self._language.functions:
            raise self._error(name, position, f"{name} needs its operands in brackets")
        known = self._language.terminals
        if known is not None and name not in known:
            raise self._error(name, position, unknown_name(self._language.terminal, name, known))
        return name

    def _expect_name(self, token: str, position: int) -> None:
        if not NAME.fullmatch(token):
            names = f"{self._language.terminal} or {self._language.function}"
            raise self._error(token, position, f"expected the name of a {names}")

    def _expect_end(self, place: int) -> None:
        token, position = self._tokens[place]
        if token:
            raise self._error(token, position, f"expected the end of the {self._language.expression}")

    def _error(self, token: str, position: int, what: str) -> ValueError:
        noun = self._language.expression
        found = repr(token) if token else "the end"
        return ValueError(
            f"cannot read the {noun} {self._text!r}: {what}; found {found} at position {position}"
        )

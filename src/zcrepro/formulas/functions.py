"""The function set of evolved formulas: ten functions, one row each.

Every function is total: finite input gives a finite value, or NaN where the value overflows,
and NaN stays NaN. A formula is judged by the order it gives, so a silent clip would pass off
overflow as a tie.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

NEGATIVE, SUM, PRODUCT, POWER, ATOM = range(5)
"""How tightly a LaTeX expression binds; an operand that binds less than its place asks gets brackets."""

ANY = NEGATIVE

SLOG = r"\operatorname{slog}"
SLOG_IS = SLOG + r"\left(x\right) = \operatorname{sgn}\left(x\right) \cdot \ln\left(1 + \left|x\right|\right)"
"""Written beside a formula, not into it: x stands twice, so that nested ones would grow exponentially."""


@dataclass(frozen=True)
class Function:
    """``compute`` maps ``arity`` float64 arrays to one; ``latex`` has a ``%s`` for each operand.

    ``text`` says the same of the operands a and b, with ``^`` for powers.
    ``binds`` is how tightly the LaTeX as a whole binds, ``places`` what each operand has to.
    """

    name: str
    compute: Callable[..., np.ndarray]
    text: str
    latex: str
    binds: int
    places: tuple[int, ...]

    @property
    def arity(self) -> int:
        return len(self.places)

    @property
    def definition(self) -> str:
        """An equation in text, such as ``neg(a) = -a``."""
        return f"{self.name}({', '.join('ab'[: self.arity])}) = {self.text}"


def _defined(values: np.ndarray) -> np.ndarray:
    """``values`` with NaN for infinity: infinity less itself is NaN, anything finite is 0."""
    return np.asarray(values + (values - values))


def _add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _defined(a + b)


def _sub(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _defined(a - b)


def _mul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _defined(a * b)


def _div(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The analytic quotient (Ni, Drieberg and Rockett, IEEE TEVC 2013): smooth, never infinite."""
    return np.asarray(a / np.hypot(1.0, b))


def _log(a: np.ndarray) -> np.ndarray:
    """sign(a) ln(1 + |a|): keeps sign and order, so that it is defined for every proxy."""
    return np.asarray(np.copysign(np.log1p(np.abs(a)), a))


def _sqrt(a: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.abs(a)))


def _square(a: np.ndarray) -> np.ndarray:
    return _defined(a * a)


ROWS = (
    # The vote of two proxies, and its counterpart.
    Function("add", _add, "a + b", "%s + %s", SUM, (SUM, SUM)),
    Function("sub", _sub, "a - b", "%s - %s", SUM, (SUM, PRODUCT)),
    # One proxy weighs another; a proxy per parameter, per FLOP.
    Function("mul", _mul, "a * b", r"%s \cdot %s", PRODUCT, (PRODUCT, PRODUCT)),
    Function("div", _div, "a / (1 + b^2)^(1/2)", r"\frac{%s}{\sqrt{1 + %s^2}}", PRODUCT, (ANY, ATOM)),
    # A proxy whose direction is wrong for a problem can be turned round.
    Function("neg", np.negative, "-a", "-%s", NEGATIVE, (PRODUCT,)),
    # Proxies span many orders of magnitude, and there are no constants to scale them with.
    Function("log", _log, "sign(a) * ln(1 + |a|)", SLOG + r"\left(%s\right)", POWER, (ANY,)),
    # A weaker compression, and with it the absolute value: the only fold beside the square.
    Function("sqrt", _sqrt, "|a|^(1/2)", r"\sqrt{\left|%s\right|}", ATOM, (ANY,)),
    # Gives the upper end of a proxy more weight.
    Function("square", _square, "a^2", "%s^2", POWER, (ATOM,)),
    # Both proxies must agree, or one is enough.
    Function("min", np.minimum, "the smaller of a and b", r"\min\left(%s, %s\right)", POWER, (ANY, ANY)),
    Function("max", np.maximum, "the larger of a and b", r"\max\left(%s, %s\right)", POWER, (ANY, ANY)),
)

FUNCTIONS = {row.name: row for row in ROWS}

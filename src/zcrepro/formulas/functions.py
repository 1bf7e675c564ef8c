"""The function set of evolved formulas: ten functions, one row each.

Every function is total. For finite input it returns a finite value, or NaN if the value overflows, and NaN
stays NaN. Overflow is not clipped: formulas are judged by the order of their values, and equal clipped
values would pass for ties.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zcrepro.expressions import ANY, ATOM, NEGATIVE, POWER, PRODUCT, SUM, Symbol

SLOG = r"\operatorname{slog}"
SLOG_IS = SLOG + r"\left(x\right) = \operatorname{sgn}\left(x\right) \cdot \ln\left(1 + \left|x\right|\right)"
"""The definition of slog, given beside a formula.

Written into the formula, x would occur twice, so that nested calls would grow exponentially."""


@dataclass(frozen=True)
class Function(Symbol):
    """A function that formulas are made of.

    Attributes
    ----------
    compute
        Maps ``arity`` float64 arrays of one shape to one.
    unchecked
        The same as ``compute`` for operands whose result is finite, if that is faster.
    """

    compute: Callable[..., np.ndarray]
    unchecked: Callable[..., np.ndarray] | None = None

    @property
    def fast(self) -> Callable[..., np.ndarray]:
        """The fastest way to compute a finite result."""
        return self.unchecked or self.compute


def _defined(values: np.ndarray) -> np.ndarray:
    """Return ``values`` with NaN instead of infinity: x - x is NaN for infinite x, and 0 for finite x."""
    return np.asarray(values + (values - values))


def _add(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _defined(a + b)


def _sub(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _defined(a - b)


def _mul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _defined(a * b)


def _div(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the analytic quotient a / sqrt(1 + b^2) (Ni, Drieberg and Rockett, IEEE TEVC 2013).

    It is smooth and never infinite, unlike a quotient that is protected by a case distinction.
    """
    return np.asarray(a / np.hypot(1.0, b))


def _log(a: np.ndarray) -> np.ndarray:
    """Return sign(a) ln(1 + |a|), which keeps sign and order and is defined for every score."""
    return np.asarray(np.copysign(np.log1p(np.abs(a)), a))


def _sqrt(a: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(np.abs(a)))


def _square(a: np.ndarray) -> np.ndarray:
    return _defined(a * a)


ROWS = (
    # Sums let proxies vote, and differences let them vote against each other.
    Function("add", "a + b", "%s + %s", SUM, (SUM, SUM), _add, np.add),
    Function("sub", "a - b", "%s - %s", SUM, (SUM, PRODUCT), _sub, np.subtract),
    # Products let one proxy weigh another, and quotients give a proxy per parameter or FLOP.
    Function("mul", "a * b", r"%s \cdot %s", PRODUCT, (PRODUCT, PRODUCT), _mul, np.multiply),
    Function("div", "a / (1 + b^2)^(1/2)", r"\frac{%s}{\sqrt{1 + %s^2}}", PRODUCT, (ANY, ATOM), _div),
    # A proxy may rank a problem in reverse.
    Function("neg", "-a", "-%s", NEGATIVE, (PRODUCT,), np.negative),
    # Proxies span many orders of magnitude, and formulas have no constants to scale them.
    Function("log", "sign(a) * ln(1 + |a|)", SLOG + r"\left(%s\right)", POWER, (ANY,), _log),
    # The square root compresses less. It and the square are the only unary functions that ignore the sign.
    Function("sqrt", "|a|^(1/2)", r"\sqrt{\left|%s\right|}", ATOM, (ANY,), _sqrt),
    # The square stretches the upper end of a proxy.
    Function("square", "a^2", "%s^2", POWER, (ATOM,), _square, np.square),
    # Both proxies must be large, or one of them is enough.
    Function("min", "the smaller of a and b", r"\min\left(%s, %s\right)", POWER, (ANY, ANY), np.minimum),
    Function("max", "the larger of a and b", r"\max\left(%s, %s\right)", POWER, (ANY, ANY), np.maximum),
)

FUNCTIONS = {row.name: row for row in ROWS}

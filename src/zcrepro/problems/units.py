"""The units of scores in formulas: those of the released scores of NAS-Bench-Suite-Zero.

There, synflow is its natural logarithm, and params and flops are in millions. Our scores are converted to
these units, so that one formula serves both sources of scores.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

MILLION = 1e6


@dataclass(frozen=True)
class Unit:
    """The unit of a released score.

    ``compute`` maps our scores to that unit. ``text`` and ``latex`` are the same conversion, of a score
    ``%s``.
    """

    compute: Callable[[np.ndarray], np.ndarray]
    text: str
    latex: str


def _logarithm(raw: np.ndarray) -> np.ndarray:
    """Return ln(raw), or NaN if raw is not positive."""
    return np.log(np.where(raw > 0, raw, np.nan))


def _millions(raw: np.ndarray) -> np.ndarray:
    return np.asarray(raw / MILLION)


LOGARITHM = Unit(_logarithm, "ln(%s)", r"\ln\left(%s\right)")
MILLIONS = Unit(_millions, "%s / 10^6", r"\frac{%s}{10^6}")

RELEASED_UNITS: Mapping[str, Unit] = {"synflow": LOGARITHM, "params": MILLIONS, "flops": MILLIONS}
"""The units of the proxies whose released scores are not in our units."""


def to_released_units(name: str, raw: np.ndarray) -> np.ndarray:
    """Return our scores of the proxy ``name`` in the units of released scores, or NaN if undefined there."""
    return RELEASED_UNITS[name].compute(raw) if name in RELEASED_UNITS else raw

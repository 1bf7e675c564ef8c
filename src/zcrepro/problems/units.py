"""The units that formulas work in: those of the released scores of NAS-Bench-Suite-Zero.

There synflow is its natural logarithm, and params and flops are millions. One formula serves both
sources of scores, since ours are converted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

MILLION = 1e6


@dataclass(frozen=True)
class Unit:
    """``compute`` maps our scores to released ones; ``text`` and ``latex`` say so of the score ``%s``."""

    compute: Callable[[np.ndarray], np.ndarray]
    text: str
    latex: str


def _logarithm(raw: np.ndarray) -> np.ndarray:
    """Return ln(raw), NaN where raw is not positive."""
    return np.log(np.where(raw > 0, raw, np.nan))


def _millions(raw: np.ndarray) -> np.ndarray:
    return np.asarray(raw / MILLION)


LOGARITHM = Unit(_logarithm, "ln(%s)", r"\ln\left(%s\right)")
MILLIONS = Unit(_millions, "%s / 10^6", r"\frac{%s}{10^6}")

RELEASED_UNITS: Mapping[str, Unit] = {"synflow": LOGARITHM, "params": MILLIONS, "flops": MILLIONS}
"""The units of those proxies whose released scores are in other units than ours."""


def to_released_units(name: str, raw: np.ndarray) -> np.ndarray:
    """Return scores of our own proxy ``name`` in released units; NaN where that is undefined."""
    return RELEASED_UNITS[name].compute(raw) if name in RELEASED_UNITS else raw

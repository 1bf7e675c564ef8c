"""Standardise the inputs of a formula, so that proxies of any scale can be added and compared.

An input is z = (slog(x) - mean) / deviation, where slog keeps the order and shrinks large scores, and mean
and standard deviation are of a set of architectures. Counts of operations and paths are small and add up
along a path, so that they enter without slog. There are two kinds of sets:

``training``
    The architectures that the formula was evolved on. Their means and deviations are part of the formula, so
    that it scores a single network.
``population``
    The candidates among which the formula chooses: all architectures of the problem that have scores. Their
    accuracies are not read. The formula compares candidates, and has no value for a single network.

An input that a problem does not offer is 0, its mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from zcrepro.expressions import ATOM, PRODUCT
from zcrepro.formulas.functions import FUNCTIONS, SLOG
from zcrepro.problems.units import RELEASED_UNITS
from zcrepro.spaces.structural_counts import PREFIX

Kind = Literal["training", "population"]
TRAINING: Kind = "training"
POPULATION: Kind = "population"

MISSING = "an input that a problem does not offer is 0, its mean"

DECIMALS = 9
"""Inputs are rounded, so that bits which differ between processors decide no comparison of an evolution."""

DIGITS = 4
"""Significant digits of a stored mean or deviation. So few can be printed, and computed with, in full."""


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of an input, after slog if it is not a count."""

    mean: float
    deviation: float

    def rounded(self) -> Scale:
        """Return the scale to the digits that a formula is printed with."""
        return Scale(*(float(f"{number:.{DIGITS}g}") for number in (self.mean, self.deviation)))


@dataclass(frozen=True)
class Normalisation:
    """How the inputs of a formula are standardised.

    ``scales`` has the mean and deviation of each input if the kind is ``training``, and is empty otherwise.
    """

    kind: Kind
    scales: Mapping[str, Scale] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the definition of an input as text, of the raw score as ``zcrepro.score`` gives it."""
        raw = RELEASED_UNITS[name].text % f"raw {name}" if name in RELEASED_UNITS else f"raw {name}"
        compressed = raw if is_count(name) else f"log({raw})"
        mean, deviation = self._scale_in_print(name)
        return f"({compressed} - {mean}) / {deviation}"

    def latex(self, name: str) -> tuple[str, int]:
        """Return the definition of an input as LaTeX, and how tightly that binds."""
        upright = rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"
        raw = RELEASED_UNITS[name].latex % upright if name in RELEASED_UNITS else upright
        compressed = raw if is_count(name) else rf"{SLOG}\left({raw}\right)"
        if self.kind == POPULATION:
            return rf"z\left({compressed}\right)", ATOM
        scale = self.scales[name]
        mean, deviation = _in_latex(scale.mean), _in_latex(scale.deviation)
        return rf"\frac{{{compressed} - \left({mean}\right)}}{{{deviation}}}", PRODUCT

    def _scale_in_print(self, name: str) -> tuple[str, str]:
        if self.kind == POPULATION:
            return "mean", "deviation"
        scale = self.scales[name]
        return f"({scale.mean!r})", repr(scale.deviation)

    def inputs(
        self, columns: Mapping[str, np.ndarray], names: Sequence[str], size: int
    ) -> dict[str, np.ndarray]:
        """Return the standardised inputs called ``names``, each (size,), by name.

        ``columns`` maps the proxies that are known to float64 arrays, (size,), in the units of
        NAS-Bench-Suite-Zero. If the kind is ``population``, the rows are all candidates.
        """
        known = {name: columns[name] for name in names if name in columns}
        scales = self.scales if self.kind == TRAINING else scales_of(known)
        return {
            name: _standardised(name, known[name], scales[name]) if name in known else np.zeros(size)
            for name in names
        }


def scales_of(columns: Mapping[str, np.ndarray]) -> dict[str, Scale]:
    """Return the mean and deviation of each column. The deviation of a constant column is 1."""
    found = {}
    for name, column in columns.items():
        values = _compressed(name, column)
        values = values[np.isfinite(values)]
        mean, deviation = (float(values.mean()), float(values.std())) if len(values) else (0.0, 0.0)
        found[name] = Scale(mean, deviation if deviation > 0 else 1.0)
    return found


def learnt(training: Sequence[Mapping[str, np.ndarray]]) -> Normalisation:
    """Return the normalisation by the architectures of all training problems that offer an input.

    All architectures have equal weight.
    """
    names = dict.fromkeys(name for of in training for name in of)
    columns = {name: np.concatenate([of[name] for of in training if name in of]) for name in names}
    return Normalisation(TRAINING, {name: scale.rounded() for name, scale in scales_of(columns).items()})


def _in_latex(number: float) -> str:
    """Return the number as it is stored; 1.5e-05 becomes 1.5 times a power of 10."""
    mantissa, _, exponent = repr(number).partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def is_count(name: str) -> bool:
    """Return whether an input is a count of operations or paths."""
    return name.startswith(PREFIX)


def _standardised(name: str, column: np.ndarray, scale: Scale) -> np.ndarray:
    return np.round((_compressed(name, column) - scale.mean) / scale.deviation, DECIMALS)


def _compressed(name: str, column: np.ndarray) -> np.ndarray:
    return column if is_count(name) else FUNCTIONS["log"].compute(column)

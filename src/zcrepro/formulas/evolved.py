"""An evolved formula as a proxy, read from the file that its evolution wrote."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le, MinLen

from zcrepro import settings
from zcrepro.files.errors import RUN_AGAIN, reading
from zcrepro.files.json import read_sealed
from zcrepro.formulas.formula import Formula
from zcrepro.formulas.functions import FUNCTIONS, SLOG, SLOG_IS
from zcrepro.formulas.normalisation import DECIMALS, POPULATION, Normalisation, is_count
from zcrepro.problems.split import Split
from zcrepro.problems.units import to_released_units

RAW = "raw scores are as zcrepro.score gives them"
ROUNDED = f"inputs are rounded to {DECIMALS} decimals"
FINITE = "there is no value if a step is not finite"
OVER_POPULATION = "mean and deviation are those of the input over all candidates"

Z_IS = r"z\left(x\right) = \frac{x - \mu_x}{\sigma_x}"
"""The definition of z, with mean and standard deviation over the candidates."""


@dataclass(frozen=True)
class EvolvedProxy:
    """A formula over hand-crafted proxies; higher is better.

    Attributes
    ----------
    formula
        The formula, over standardised inputs.
    normalisation
        How its inputs are standardised.
    method
        The method that evolved it, such as ``srgp``.
    training_set
        The name of the set of problems that it was evolved on.
    repeat
        The number of the repeat, from 0.
    problems
        The problems that it was evolved on, as ``space/task``.
    split
        Which graphs it was evolved on, and which were held out.
    training_fitness
        Rank correlation on the graphs that it was evolved on, over the problems, as the method defines it.
    counts_of
        What its structural counts count (see ``Space.counts_of``); empty if it has none.
    replaced
        The inputs that were their mean on a problem that it was evolved on, by problem.
    """

    formula: Formula
    normalisation: Normalisation
    method: str
    training_set: str
    repeat: int
    problems: tuple[str, ...]
    split: Split
    training_fitness: float
    counts_of: str = ""
    replaced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Method, training set and repeat, as in the path of the file."""
        return f"{self.method}/{self.training_set}/seed-{self.repeat}"

    @property
    def latex(self) -> str:
        """LaTeX of the formula, applied to scores in the units of ``zcrepro.score``.

        It ends with the definitions of slog and of z if they occur.
        """
        latex = self.formula.latex(self.normalisation.latex)
        for symbol, definition in ((SLOG, SLOG_IS), (r"z\left(", Z_IS)):
            latex += rf", \quad {definition}" if symbol in latex else ""
        return latex

    @property
    def where(self) -> str:
        """The definitions with which a reader can compute the formula from its text."""
        of_inputs = {"log"} if any(not is_count(name) for name in self.terminals) else set()
        functions = [name for name in FUNCTIONS if name in {*self.formula.functions, *of_inputs}]
        inputs = [f"{name} = {self.normalisation.text(name)}" for name in self.terminals]
        of = [OVER_POPULATION] if self.normalisation.kind == POPULATION else []
        defined = [FUNCTIONS[name].definition for name in functions]
        return "; ".join([*defined, *inputs, *of, RAW, ROUNDED, FINITE])

    @property
    def size(self) -> int:
        """The number of nodes of the formula."""
        return self.formula.size

    @property
    def terminals(self) -> tuple[str, ...]:
        """The names of the hand-crafted proxies in the formula, sorted."""
        return self.formula.terminals

    def values(self, columns: Mapping[str, np.ndarray], size: int) -> np.ndarray:
        """Return the values on ``columns``, (size,); NaN if a score or a step of the formula is undefined.

        ``columns`` maps proxies to float64 arrays, (size,), in the units of NAS-Bench-Suite-Zero. A proxy
        that has no column has its mean in every row. If the normalisation is ``population``, the rows are
        all candidates among which the formula is to choose.
        """
        inputs = self.normalisation.inputs(columns, self.terminals, size)
        return self.formula.evaluate(inputs)

    def offered(self, names: Iterable[str], problem: str, counts_of: str) -> list[str]:
        """Return those of the inputs ``names`` of a problem that the formula may read there.

        It is not offered counts of something else than it was evolved on, nor an input that was its mean on
        this problem when it was evolved. ``counts_of`` is what the counts of the problem count.
        """
        withheld = self.replaced.get(problem, ())
        return [
            name
            for name in names
            if name not in withheld and (not is_count(name) or counts_of == self.counts_of)
        ]

    def score(self, raw_scores: Mapping[str, float]) -> float:
        """Return the value for one network, or NaN if a score or a step of the formula is undefined.

        ``raw_scores`` holds the scores of the network in the units of ``zcrepro.score``. Raises ValueError
        if the formula compares the candidates of a population, or, with the names of the missing proxies, if
        any of ``terminals`` is missing.
        """
        if self.normalisation.kind == POPULATION:
            raise ValueError(
                f"{self.name} compares the candidates of a population, so that it has no value for one "
                "network; load a formula whose normalisation is 'training'"
            )
        missing = [name for name in self.terminals if name not in raw_scores]
        if missing:
            raise ValueError(
                f"{self.name} needs the scores {', '.join(self.terminals)}; missing {', '.join(missing)}"
            )
        columns = {
            name: to_released_units(name, np.array([raw_scores[name]], np.float64)) for name in self.terminals
        }
        if not all(np.isfinite(column).all() for column in columns.values()):
            return math.nan
        return float(self.values(columns, 1)[0])


@dataclass(frozen=True)
class _Saved:
    """What is read of the file of an evolved proxy."""

    formula: str
    normalisation: Normalisation
    method: Annotated[str, MinLen(1)]
    training_set: Annotated[str, MinLen(1)]
    repeat: Annotated[int, Ge(0)]
    problems: tuple[str, ...]
    split: dict[str, Any]
    training_fitness: Annotated[float, Ge(-1), Le(1)]  # neither NaN nor infinity
    counts_of: str
    replaced: dict[str, tuple[str, ...]]


def load_formula(path: Path | str) -> EvolvedProxy:
    """Return the evolved proxy in ``evolved/<method>/<training set>/seed-<k>.json``.

    Raises ValueError if the file holds something else.
    """
    saved = read_sealed(Path(path))
    names = [each.name for each in fields(_Saved)]
    known = {name: saved[name] for name in names if name in saved}
    found = settings.checked(known, _Saved, names, f"{path} is not the file of an evolved proxy")
    with reading(path, RUN_AGAIN):
        return EvolvedProxy(
            formula=Formula.parse(found.formula),
            normalisation=found.normalisation,
            method=found.method,
            training_set=found.training_set,
            repeat=found.repeat,
            problems=found.problems,
            split=Split.from_json(found.split),
            training_fitness=found.training_fitness,
            counts_of=found.counts_of,
            replaced=found.replaced,
        )

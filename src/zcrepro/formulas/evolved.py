"""An evolved formula as a proxy, read from the file that its evolution wrote."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Le, MinLen

from zcrepro import settings
from zcrepro.files.errors import RUN_AGAIN, reading
from zcrepro.files.json import read_sealed
from zcrepro.formulas.formula import Formula
from zcrepro.problems.split import Split
from zcrepro.problems.units import to_released_units


@dataclass(frozen=True)
class EvolvedProxy:
    """A formula over hand-crafted proxies; higher is better.

    Attributes
    ----------
    formula
        The formula, over proxies in the units of NAS-Bench-Suite-Zero.
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
        Mean Kendall's tau over the problems, on the graphs that it was evolved on.
    """

    formula: Formula
    method: str
    training_set: str
    repeat: int
    problems: tuple[str, ...]
    split: Split
    training_fitness: float

    @property
    def name(self) -> str:
        """Method, training set and repeat, as in the path of the file."""
        return f"{self.method}/{self.training_set}/seed-{self.repeat}"

    @property
    def latex(self) -> str:
        """LaTeX of the formula, applied to scores in the units of ``zcrepro.score``.

        It ends with the definition of slog if that occurs.
        """
        return self.formula.latex

    @property
    def where(self) -> str:
        """The definitions of the functions and units that occur in the text of the formula."""
        return self.formula.where

    @property
    def size(self) -> int:
        """The number of nodes of the formula."""
        return self.formula.size

    @property
    def terminals(self) -> tuple[str, ...]:
        """The names of the hand-crafted proxies in the formula, sorted."""
        return self.formula.terminals

    def score(self, raw_scores: Mapping[str, float]) -> float:
        """Return the value for one network, or NaN if a score or a step of the formula is undefined.

        ``raw_scores`` holds the scores of the network in the units of ``zcrepro.score``. Raises ValueError,
        which names the missing proxies, if it lacks any of ``terminals``.
        """
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
        return float(self.formula.evaluate(columns)[0])


@dataclass(frozen=True)
class _Saved:
    """What is read of the file of an evolved proxy."""

    formula: str
    method: Annotated[str, MinLen(1)]
    training_set: Annotated[str, MinLen(1)]
    repeat: Annotated[int, Ge(0)]
    problems: tuple[str, ...]
    split: dict[str, Any]
    training_fitness: Annotated[float, Ge(-1), Le(1)]  # neither NaN nor infinity


def load_proxy(path: Path | str) -> EvolvedProxy:
    """Return the evolved proxy in ``evolved/<method>/<training set>/seed-<k>.json``.

    Raises ValueError if the file holds something else.
    """
    saved = read_sealed(Path(path))
    names = [field.name for field in fields(_Saved)]
    known = {name: saved[name] for name in names if name in saved}
    found = settings.checked(known, _Saved, names, f"{path} is not the file of an evolved proxy")
    with reading(path, RUN_AGAIN):
        return EvolvedProxy(
            formula=Formula.parse(found.formula),
            method=found.method,
            training_set=found.training_set,
            repeat=found.repeat,
            problems=found.problems,
            split=Split.from_json(found.split),
            training_fitness=found.training_fitness,
        )

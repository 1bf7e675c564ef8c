"""An evolved formula as a proxy like any other, read from the file that its evolution wrote."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zcrepro.files.json import read_json
from zcrepro.formulas.formula import Formula
from zcrepro.problems.split import Split
from zcrepro.problems.units import to_released_units


@dataclass(frozen=True)
class EvolvedProxy:
    """A formula over hand-crafted proxies; larger is better.

    ``problems`` are those it was evolved on, ``split`` tells which graphs it has not seen, and
    ``training_fitness`` is the mean Kendall's tau on those it has.
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
        """Method, training set and repeat, as in the file's path."""
        return f"{self.method}/{self.training_set}/seed-{self.repeat}"

    @property
    def latex(self) -> str:
        """LaTeX of the formula of our own scores, with the definitions that it needs."""
        return self.formula.latex

    @property
    def where(self) -> str:
        """The definitions of the functions and units in the formula's text."""
        return self.formula.where

    @property
    def size(self) -> int:
        """Number of nodes of the formula."""
        return self.formula.size

    @property
    def terminals(self) -> tuple[str, ...]:
        """The hand-crafted proxies that it needs."""
        return self.formula.terminals

    def score(self, raw_scores: Mapping[str, float]) -> float:
        """The value for one network from its scores in our proxies' own units; NaN if one is undefined.

        Raises ValueError that names the proxies that are missing.
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


def load_proxy(path: Path | str) -> EvolvedProxy:
    """The proxy in ``evolved/<method>/<training set>/seed-<k>.json``; ValueError for any other file."""
    try:
        found = read_json(Path(path))
        return EvolvedProxy(
            formula=Formula.parse(found["formula"]),
            method=found["method"],
            training_set=found["training_set"],
            repeat=found["repeat"],
            problems=tuple(found["problems"]),
            split=Split.from_json(found["split"]),
            training_fitness=found["training_fitness"],
        )
    except KeyError as error:
        raise ValueError(f"{path} is not the file of an evolved proxy: it lacks {error}") from error
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not the file of an evolved proxy ({error})") from error

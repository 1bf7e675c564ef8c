"""Evolved programs, read from the file that their evolution wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen

from zcrepro import settings
from zcrepro.files.errors import RUN_AGAIN, reading
from zcrepro.files.json import read_sealed
from zcrepro.programs.names import program_name
from zcrepro.programs.program import Program


@dataclass(frozen=True)
class NamedProgram:
    """A program that scores networks.

    Attributes
    ----------
    name
        The name of its column in tables of scores.
    program
        The program.
    direction
        ``higher`` if larger scores are better, otherwise ``lower``.
    source
        Where it comes from, in words.
    """

    name: str
    program: Program
    direction: Literal["higher", "lower"]
    source: str


@dataclass(frozen=True)
class EvolvedProgram:
    """The programs of one evolution, and what they were evolved on.

    Attributes
    ----------
    fittest, median
        The fittest program of all generations, and that of median fitness in the last population. Their
        directions are those on the networks that they were evolved on.
    training_set
        The name of the set of networks.
    repeat
        The number of the repeat, from 0.
    problem
        The problem, as ``space/task``.
    split
        Which graphs they were evolved on, the value of ``zcrepro.problems.split.Split.as_json``.
    training_fitness
        The smallest magnitude of Kendall's tau of the fittest over the sets of networks.
    """

    fittest: NamedProgram
    median: NamedProgram
    training_set: str
    repeat: int
    problem: str
    split: Mapping[str, Any]
    training_fitness: float

    @property
    def name(self) -> str:
        """Method, training set and repeat, which name the fittest program."""
        return self.fittest.name


@dataclass(frozen=True)
class _Median:
    """What is read of the median program."""

    program: str
    direction: Literal["higher", "lower"]


@dataclass(frozen=True)
class _Saved:
    """What is read of the file of an evolution."""

    program: str
    direction: Literal["higher", "lower"]
    median: _Median
    training_set: Annotated[str, MinLen(1)]
    repeat: Annotated[int, Ge(0)]
    problem: Annotated[str, MinLen(1)]
    split: dict[str, Any]
    training_fitness: Annotated[float, Ge(0), Le(1)]  # neither NaN nor infinity


def load_program(path: Path | str) -> EvolvedProgram:
    """Return the evolved programs in ``programs/<training set>/seed-<k>.json``.

    Raises ValueError if the file holds something else.
    """
    saved = read_sealed(Path(path))
    names = [each.name for each in fields(_Saved)]
    known = {name: saved[name] for name in names if name in saved}
    found = settings.checked(known, _Saved, names, f"{path} is not the file of an evolved program")

    def named(of: _Saved | _Median, *, median: bool) -> NamedProgram:
        return NamedProgram(
            name=program_name(found.training_set, found.repeat, median=median),
            program=Program.parse(of.program),
            direction=of.direction,
            source=f"evolved on {found.problem}",
        )

    with reading(path, RUN_AGAIN):
        return EvolvedProgram(
            fittest=named(found, median=False),
            median=named(found.median, median=True),
            training_set=found.training_set,
            repeat=found.repeat,
            problem=found.problem,
            split=found.split,
            training_fitness=found.training_fitness,
        )

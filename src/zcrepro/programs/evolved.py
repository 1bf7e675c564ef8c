"""An evolved program, read from the file that its evolution wrote."""

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
class EvolvedProgram:
    """A program, and what it was evolved on.

    Attributes
    ----------
    program
        The program.
    direction
        ``higher`` if larger scores are better on the networks that it was evolved on, otherwise ``lower``.
    training_set
        The name of the set of networks.
    repeat
        The number of the repeat, from 0.
    problem
        The problem, as ``space/task``.
    split
        Which graphs it was evolved on, the value of ``zcrepro.problems.split.Split.as_json``.
    training_fitness
        The smallest magnitude of Kendall's tau over the sets of networks.
    """

    program: Program
    direction: Literal["higher", "lower"]
    training_set: str
    repeat: int
    problem: str
    split: Mapping[str, Any]
    training_fitness: float

    @property
    def name(self) -> str:
        """Method, training set and repeat, which name its column in tables of scores."""
        return program_name(self.training_set, self.repeat)


@dataclass(frozen=True)
class _Saved:
    """What is read of the file of an evolved program."""

    program: str
    direction: Literal["higher", "lower"]
    training_set: Annotated[str, MinLen(1)]
    repeat: Annotated[int, Ge(0)]
    problem: Annotated[str, MinLen(1)]
    split: dict[str, Any]
    training_fitness: Annotated[float, Ge(0), Le(1)]  # neither NaN nor infinity


def load_program(path: Path | str) -> EvolvedProgram:
    """Return the evolved program in ``programs/<training set>/seed-<k>.json``.

    Raises ValueError if the file holds something else.
    """
    saved = read_sealed(Path(path))
    names = [each.name for each in fields(_Saved)]
    known = {name: saved[name] for name in names if name in saved}
    found = settings.checked(known, _Saved, names, f"{path} is not the file of an evolved program")
    with reading(path, RUN_AGAIN):
        return EvolvedProgram(
            program=Program.parse(found.program),
            direction=found.direction,
            training_set=found.training_set,
            repeat=found.repeat,
            problem=found.problem,
            split=found.split,
            training_fitness=found.training_fitness,
        )

"""Runs of an evolution, read from ``evolved/<method>/<training set>/seed-<k>``."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from zcrepro.problems.problem import Problem
from zcrepro.report._inputs import Inputs

EVOLUTIONS = "evolved"


@dataclass(frozen=True)
class Run:
    """One run of an evolution.

    ``fitness`` and ``held_out`` are Kendall's tau on the training and the held-out architectures, the mean
    over the training problems. ``best`` is the fitness of the best formula of each generation. ``path`` is
    the name of the input.
    """

    method: str
    training_set: str
    repeat: int
    formula: str
    size: int
    problems: tuple[Problem, ...]
    fitness: float
    held_out: float
    architectures: int
    held_out_architectures: int
    best: tuple[float, ...]
    path: str

    @property
    def label(self) -> str:
        return f"{self.training_set} seed-{self.repeat}"


def read_runs(inputs: Inputs, method: str) -> list[Run]:
    """Return the runs of a method among the inputs, in their order.

    Raises ValueError if a file is not that of an evolution.
    """
    return [_read(name, inputs) for name in inputs.names(f"{EVOLUTIONS}/{method}")]


def fittest(runs: Sequence[Run], training_set: str) -> Run | None:
    """Return the run of a training set with the largest fitness, the first of equal ones."""
    of_set = [run for run in runs if run.training_set == training_set]
    return max(of_set, key=lambda run: run.fitness, default=None)


def _read(name: str, inputs: Inputs) -> Run:
    found = inputs.json(name)
    try:
        by_problem = list(found["fitness"].values())
        return Run(
            method=found["method"],
            training_set=found["training_set"],
            repeat=int(found["repeat"]),
            formula=found["formula"],
            size=int(found["size"]),
            problems=tuple(map(Problem.parse, found["problems"])),
            fitness=float(found["training_fitness"]),
            held_out=_mean([parts["held_out"]["kendall"] for parts in by_problem]),
            architectures=sum(parts["training"]["n"] for parts in by_problem),
            held_out_architectures=sum(parts["held_out"]["n"] for parts in by_problem),
            best=tuple(float(generation["best"]) for generation in found["history"]),
            path=name,
        )
    except (KeyError, TypeError) as error:
        path = inputs.path(name)
        raise ValueError(f"{path} is not the file of an evolution: it lacks {error}") from error


def _mean(values: Sequence[float | None]) -> float:
    # JSON has no NaN: null stands for an undefined correlation.
    numbers = [math.nan if value is None else float(value) for value in values]
    return sum(numbers) / len(numbers) if numbers else math.nan

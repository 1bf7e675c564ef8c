"""Runs of an evolution, read from ``evolved/<method>/<training set>/seed-<k>``."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zcrepro.formulas.normalisation import POPULATION, is_count
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import RELEASED
from zcrepro.report import citations
from zcrepro.report._inputs import Inputs

EVOLUTIONS = "evolved"


@dataclass(frozen=True)
class Run:
    """One run of an evolution.

    ``fitness`` and ``held_out`` are Kendall's tau on the training and the held-out architectures, the mean
    over the training problems. ``best`` is the fitness of the best formula of each generation. ``path`` is
    the name of the input. ``labels`` is the number of training architectures by problem, ``inputs`` are the
    proxies that a formula could be made of, and ``by_population`` says whether they are standardised over the
    architectures of the problem that the formula is used on. ``source`` is the kind of the scores, one of
    SOURCES in ``zcrepro.problems.scores``.
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
    labels: Mapping[Problem, int]
    inputs: tuple[str, ...]
    by_population: bool
    source: str

    @property
    def cites(self) -> tuple[str, ...]:
        """The keys of the data that the formula was made from, for ``zcrepro.report.citations``."""
        published = (citations.RELEASED,) if self.source == RELEASED else ()
        graf = (citations.GRAF,) if any(map(is_count, self.inputs)) else ()
        return (*citations.of_problems(self.problems), *published, *graf)

    @property
    def evolution(self) -> str:
        """The method and the training set in words."""
        return f"{self.method} on {self.training_set}"

    @property
    def inputs_in_words(self) -> str:
        """The number of scores and of structural counts that a formula could be made of."""
        counts = sum(map(is_count, self.inputs))
        parts = {"scores": len(self.inputs) - counts, "counts": counts}
        return " and ".join(f"{number} {of}" for of, number in parts.items() if number)

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
            best=tuple(map(float, found["history"]["best"])),
            path=name,
            labels={Problem.parse(text): parts["training"]["n"] for text, parts in found["fitness"].items()},
            inputs=tuple(found["inputs"]),
            by_population=found["normalisation"]["kind"] == POPULATION,
            source=found["settings"]["source"],
        )
    except (KeyError, TypeError) as error:
        path = inputs.path(name)
        raise ValueError(f"{path} is not the file of an evolution: it lacks {error}") from error


def _mean(values: Sequence[float | None]) -> float:
    # JSON has no NaN: null stands for an undefined correlation.
    numbers = [math.nan if value is None else float(value) for value in values]
    return sum(numbers) / len(numbers) if numbers else math.nan

"""Which evolved formula stands for its training set, and on which architectures it is compared.

Shared by the tables and figures that read ``generalization/<method>`` and ``evolved/<method>/...``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from zcrepro.generalization import ALL, HANDCRAFTED, HELD_OUT
from zcrepro.problems.problem import EMBEDDED, Problem
from zcrepro.report._inputs import Inputs

METHOD = "srgp"
GENERALIZATION, EVOLVED = f"generalization/{METHOD}", f"evolved/{METHOD}"


@dataclass(frozen=True)
class Run:
    """One evolution. ``fitness`` and ``held_out`` are Kendall's tau, the mean over the training problems.

    ``best`` is the fitness of the best formula of each generation, ``path`` the name of the input.
    """

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


def runs(inputs: Inputs) -> list[Run]:
    """The evolutions among the inputs, in their order. Raises ValueError where a file is none."""
    return [_run(name, inputs) for name in inputs.names(EVOLVED)]


def kendalls(inputs: Inputs) -> pd.DataFrame:
    """The Kendall correlations of the generalization stage."""
    frame = inputs.frame(GENERALIZATION)
    return frame[frame["metric"] == "kendall"]


def problems(frame: pd.DataFrame) -> list[Problem]:
    return [Problem.parse(text) for text in sorted(set(frame["problem"]))]


def training_sets(frame: pd.DataFrame, evolutions: Sequence[Run] = ()) -> list[str]:
    """In the order of the evolutions, which is the config's; headlines are about the first one."""
    ordered = dict.fromkeys(run.training_set for run in evolutions)
    others = sorted(set(frame.loc[frame["method"] != HANDCRAFTED, "training_set"]) - set(ordered))
    return [*ordered, *others]


def fittest(evolutions: Sequence[Run], training_set: str) -> Run | None:
    """The run with the best fitness on its training architectures; the first of equal ones."""
    of_set = [run for run in evolutions if run.training_set == training_set]
    return max(of_set, key=lambda run: run.fitness, default=None)


def population(frame: pd.DataFrame, problem: Problem, training_set: str) -> str:
    """Held-out architectures where the training set has some of the problem's space, else all."""
    of_set = frame[(frame["problem"] == str(problem)) & (frame["training_set"] == training_set)]
    return HELD_OUT if (of_set["population"] == HELD_OUT).any() else ALL


def of_training_set(frame: pd.DataFrame, problem: Problem, training_set: str) -> pd.DataFrame:
    """Its formulas on a problem, one row a repeat, on the population that is compared."""
    chosen = population(frame, problem, training_set)
    rows = frame[
        (frame["problem"] == str(problem))
        & (frame["training_set"] == training_set)
        & (frame["population"] == chosen)
        & (frame["method"] != HANDCRAFTED)
    ]
    return rows.sort_values(["repeat", "name"], ignore_index=True)


def of_handcrafted(frame: pd.DataFrame, problem: Problem, training_set: str) -> pd.DataFrame:
    """Hand-crafted proxies on the very architectures that formulas of the training set are compared on."""
    chosen = population(frame, problem, training_set)
    rows = frame[
        (frame["problem"] == str(problem))
        & (frame["method"] == HANDCRAFTED)
        & (frame["training_set"] == (training_set if chosen == HELD_OUT else ""))
        & (frame["population"] == chosen)
    ]
    return rows.sort_values("name", ignore_index=True)


def best(rows: pd.DataFrame) -> pd.Series | None:
    """The row with the largest value, the first of equal ones; None where none has a value."""
    defined = rows[rows["value"].notna()]
    return None if defined.empty else defined.iloc[int(defined["value"].argmax())]


def median(rows: pd.DataFrame) -> pd.Series | None:
    """The row in the middle by value, the lower one of two: a real run, with an interval of its own."""
    defined = rows[rows["value"].notna()].sort_values("value", kind="stable")
    return None if defined.empty else defined.iloc[(len(defined) - 1) // 2]


def describe(problem: Problem, chosen: str) -> str:
    """A population in words; that of the embedded benchmark says so."""
    which = "architectures held out of the evolution" if chosen == HELD_OUT else "all with every score"
    return (
        f"{which}, {EMBEDDED} benchmark {problem.space}"
        if problem.is_embedded
        else f"{which}, {problem.space}"
    )


def embedded_note(problem: Problem) -> str:
    return "embedded: a small benchmark that the project trained itself" if problem.is_embedded else ""


def _run(name: str, inputs: Inputs) -> Run:
    found = inputs.json(name)
    try:
        by_problem = list(found["fitness"].values())
        return Run(
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

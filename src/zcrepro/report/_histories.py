"""Histories of evolutions, of formulas and of programs alike, as figures draw them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zcrepro.problems.problem import Problem
from zcrepro.report import _formulas, _vega
from zcrepro.report._inputs import Inputs
from zcrepro.report._not_made import not_made
from zcrepro.report._runs import EVOLUTIONS, read_runs

PROGRAMS = "programs"

NOTHING = not_made(f"{EVOLUTIONS}/", f"{PROGRAMS}/")


@dataclass(frozen=True)
class History:
    """One run of an evolution.

    ``fitness`` is that of its best formula or program, ``measure`` says what it is, and ``best`` is the
    largest of each generation. ``front`` are the texts, sizes and fitnesses of those for which no other is as
    small and fitter, and ``of_programs`` says whether they are programs.
    """

    evolution: str
    label: str
    repeat: int
    problems: tuple[Problem, ...]
    fitness: float
    measure: str
    best: Sequence[float]
    front: Sequence[Mapping[str, Any]]
    of_programs: bool

    @property
    def told(self) -> str:
        """What it was trained on and for."""
        return f"trained on {_vega.problem_titles(self.problems)}\nfitness: {self.measure}"


def histories(inputs: Inputs) -> dict[str, list[History]]:
    """Return the runs of each evolution among the inputs, those of formulas first."""
    found: dict[str, list[History]] = {}
    for history in [*_of_formulas(inputs), *_of_programs(inputs)]:
        found.setdefault(history.evolution, []).append(history)
    return found


def fittest(runs: Sequence[History]) -> History:
    """Return the run with the largest fitness, the first of equal ones."""
    return max(runs, key=lambda run: run.fitness)


def _of_formulas(inputs: Inputs) -> list[History]:
    return [
        History(
            evolution=run.evolution,
            label=run.label,
            repeat=run.repeat,
            problems=run.problems,
            fitness=run.fitness,
            measure="Kendall's tau, the mean over the problems",
            best=run.best,
            front=[_member(each, "formula") for each in inputs.json(run.path)["front"]],
            of_programs=False,
        )
        for method in _formulas.methods(inputs)
        for run in read_runs(inputs, method)
    ]


def _of_programs(inputs: Inputs) -> list[History]:
    return [_of_program(inputs.json(name)) for name in inputs.names(PROGRAMS)]


def _of_program(saved: Mapping[str, Any]) -> History:
    return History(
        evolution=f"{saved['method']} on {saved['training_set']}",
        label=f"{saved['training_set']} seed-{saved['repeat']}",
        repeat=int(saved["repeat"]),
        problems=(Problem.parse(saved["problem"]),),
        fitness=float(saved["training_fitness"]),
        measure=f"the smallest magnitude of Kendall's tau on {len(saved['sets'])} sets of networks",
        best=tuple(map(float, saved["history"]["best"])),
        front=[_member(each, "program") for each in saved["front"]],
        of_programs=True,
    )


def _member(of_front: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"text": of_front[kind], "size": of_front["size"], "fitness": of_front["fitness"]}

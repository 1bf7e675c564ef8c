"""Programs that the project evolved by EZNAS's procedure, and where EZNAS-A stands among them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from zcrepro.problems.problem import Problem
from zcrepro.problems.split import Split
from zcrepro.programs.names import program_name
from zcrepro.report._base import Table
from zcrepro.report._beside_params import METRIC, PARAMS, Beside, beside
from zcrepro.report._scored import has_task
from zcrepro.report.context import Context
from zcrepro.report.entry import EVOLVED, RUNS, Measured, absent, stated

READS = ("features-programs/*", "accuracies/{space}", "released/{space}", "features/*", "programs/*")

NAME = "eznas_evolved"

FOLDER, EZNAS_A = "features-programs", "eznas_a"
RIVALS = (EZNAS_A, PARAMS)

KINDS = {"fittest": False, "median": True}
"""The programs of an evolution, and whether it is that of median fitness in the last population."""


@dataclass(frozen=True)
class Program:
    """A program of one evolution: its name among the scores, and what its file says."""

    kind: str
    training_set: str
    repeat: int
    direction: str
    size: int
    fitness: float
    split: Split

    @property
    def name(self) -> str:
        """The name of its column."""
        return program_name(self.training_set, self.repeat, median=KINDS[self.kind])

    @property
    def row(self) -> str:
        """The name of its row."""
        return f"{self.training_set}, seed {self.repeat}, {self.kind}"


def measure(context: Context) -> Iterator[Measured]:
    """Yield a row per program, then their means and where EZNAS-A stands among them."""
    programs = _programs(context)
    problems = _problems(context)
    if not programs or not problems:
        what = "the run evolves no programs, or scores no architectures with them"
        yield absent("all programs", "size", "nodes", "", what)
        return
    found: dict[Problem, list[tuple[Program, Beside]]] = {problem: [] for problem in problems}
    for program in programs:
        yield _number(program, "size", "nodes", program.size)
        yield _number(program, "training fitness", "smallest magnitude of tau", program.fitness)
        for problem in problems:
            scored = _beside(context, problem, program)
            if isinstance(scored, str):
                yield absent(program.row, str(problem), METRIC, "", scored)
            else:
                found[problem].append((program, scored))
                yield scored.correlation(program.row, str(problem), program.name)
    for problem, of_it in found.items():
        for kind in KINDS:
            chosen = [scored for program, scored in of_it if program.kind == kind]
            if chosen:
                yield _mean(context, problem, kind, chosen)
                yield from _ahead(problem, kind, chosen)
        for rival in RIVALS:
            with_it = [scored for _, scored in of_it if rival in scored.names]
            if with_it:
                yield with_it[0].correlation(rival, str(problem), rival)


def _programs(context: Context) -> list[Program]:
    """Return the programs of each evolution: the fittest of all first, then the median ones."""
    found = []
    for kind in KINDS:
        for name in context.inputs.names("programs"):
            saved = context.inputs.json(name)
            of = saved["median"] if KINDS[kind] else saved
            found.append(
                Program(
                    kind=kind,
                    training_set=saved["training_set"],
                    repeat=saved["repeat"],
                    direction=of["direction"],
                    size=of["size"],
                    fitness=of["training_fitness"],
                    split=Split.from_json(saved["split"]),
                )
            )
    return found


def _problems(context: Context) -> list[Problem]:
    names = context.inputs.names(FOLDER)
    problems = [Problem.parse(name.removeprefix(f"{FOLDER}/")) for name in names]
    return [problem for problem in problems if has_task(context.inputs, "accuracies", problem)]


def _beside(context: Context, problem: Problem, program: Program) -> Beside | str:
    return beside(
        context,
        NAME,
        problem,
        program.name,
        RIVALS,
        folder=FOLDER,
        split=program.split,
        lower=program.direction == "lower",
    )


def _number(program: Program, column: str, metric: str, value: float) -> Measured:
    return Measured(
        row=program.row,
        column=column,
        metric=metric,
        value=float(value),
        n=1,
        population="one program",
        role=EVOLVED,
        name=program.name,
    )


def _mean(context: Context, problem: Problem, kind: str, scored: Sequence[Beside]) -> Measured:
    """Return the mean tau of the programs of a kind on a problem."""
    taus = np.array([each.found.value(0, 0) for each in scored])
    taus = taus[~np.isnan(taus)]
    interval = context.student_t(taus)
    return Measured(
        row=f"{kind}, mean",
        column=str(problem),
        metric=METRIC,
        value=float(taus.mean()) if len(taus) else float("nan"),
        n=len(taus),
        population="programs of independent runs",
        notes=stated([f"from {taus.min():.3f} to {taus.max():.3f}" if len(taus) else ""]),
        interval=interval,
        interval_kind="" if np.isnan(interval[0]) else RUNS,
        seeds=len(taus),
        problem=str(problem),
        role=EVOLVED,
        name=kind,
    )


def _ahead(problem: Problem, kind: str, scored: Sequence[Beside]) -> Iterator[Measured]:
    """Yield how many programs rank better than each rival, and how many do so beyond their interval."""
    for rival in RIVALS:
        leads = [each.found.lead(0, each.names.index(rival)) for each in scored if rival in each.names]
        if not leads:
            continue
        surely = sum(low > 0 for _, (low, _) in leads)
        behind = sum(high < 0 for _, (_, high) in leads)
        yield Measured(
            row=f"{kind}, ahead of {rival}",
            column=str(problem),
            metric="programs",
            value=float(sum(lead > 0 for lead, _ in leads)),
            n=len(leads),
            population="programs of independent runs",
            notes=(
                f"with the whole paired interval {surely}",
                f"behind with the whole paired interval {behind}",
            ),
            seeds=len(leads),
            problem=str(problem),
            role=EVOLVED,
            name=kind,
        )


TABLE = Table(
    paper="zcrepro",
    title="EZNAS's own procedure, repeated: programs of independent runs",
    caption=(
        "Kendall's tau with accuracy of the fittest program of each run, and of the program of median "
        "fitness in its last population, in the direction of the training networks. EZNAS-A and the number "
        "of parameters stand below on the same architectures, with the number of programs that rank better "
        "than they do. Graphs that a program was evolved on are left out. Training fitness is the smallest "
        "magnitude of tau over four sets of 20 networks. Intervals are over architectures, and those of "
        "means over the runs."
    ),
    measure=measure,
)

"""Counts of operations and paths against published proxies: what one number of an architecture's graph tells.

A control for every proxy. Such counts are features of GRAF (Kadlecova et al., ICML 2024), which trains a
regressor on many of them; here each stands alone, without any training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from zcrepro.generalization.stage import ROUNDING_ERRORS
from zcrepro.problems.accuracies import REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Files, Rows, read_draws
from zcrepro.problems.scores import FEATURES, RELEASED, STRUCTURE, ScoreTable, score_names
from zcrepro.ranking.correlation import kendall, mean_over_draws
from zcrepro.ranking.resampled import Correlations, correlations
from zcrepro.report import _wins, citations
from zcrepro.report._base import Table
from zcrepro.report._inputs import Inputs
from zcrepro.report._populations import embedded_note
from zcrepro.report._scored import has_task
from zcrepro.report._suite_zero import TASKS
from zcrepro.report.context import Context
from zcrepro.report.entry import ARCHITECTURES, HANDCRAFTED, PROBLEMS, Measured, absent, stated
from zcrepro.spaces.structural_counts import COUNTS, PREFIX

READS = ("structure/*", "accuracies/{space}", "released/{space}", "features/*")

METRIC = "kendall"

NUMBER, BEST_COUNT, BEST_PROXY = "architectures", "best count", "best proxy"
LEAD, SOUND_LEAD = "best count minus best proxy", "best count minus best sound proxy"
SUMMARY = "tasks won against the best proxy"


@dataclass(frozen=True)
class Task:
    """The counts and the proxies of a problem on the same architectures.

    Attributes
    ----------
    rows
        The rows of the first draw of the scores.
    source
        RELEASED or FEATURES: where the scores are from.
    proxies, counts
        The names of the scores that are compared.
    signs
        The sign of Kendall's tau of each, the proxies first, (m,).
    found
        The correlations with accuracy of the scores, each multiplied by its sign.
    """

    rows: Rows
    source: str
    proxies: Sequence[str]
    counts: Sequence[str]
    signs: np.ndarray
    found: Correlations

    @property
    def problem(self) -> Problem:
        return self.rows.problem

    @cached_property
    def names(self) -> list[str]:
        return [*self.proxies, *self.counts]

    def best(self, among: Sequence[str]) -> str | None:
        """Return the name with the largest absolute tau; None if none is defined."""
        place = self.found.best([self.names.index(name) for name in among])
        return None if place is None else self.names[place]

    def tau(self, name: str) -> tuple[float, tuple[float, float]]:
        """Return Kendall's tau of a score with its interval."""
        place = self.names.index(name)
        value, (low, high) = self.found.value(place, 0), self.found.interval(place, 0)
        return (value, (low, high)) if self.signs[place] > 0 else (-value, (-high, -low))

    def lead(self, name: str, rivals: Sequence[str]) -> tuple[float, tuple[float, float]] | None:
        """Return the absolute tau of a score minus that of the best rival, with the paired interval."""
        rival = self.best(rivals)
        return None if rival is None else self.found.lead(self.names.index(name), self.names.index(rival))

    @property
    def sound(self) -> list[str]:
        """The proxies whose published scores are more than rounding errors."""
        unsound = ROUNDING_ERRORS.get(self.problem.space, ())
        return [name for name in self.proxies if name not in unsound]


def measure(context: Context) -> Iterator[Measured]:
    """Yield a row per task, and one that counts on how many of them a count is ahead of the best proxy."""
    problems = _problems(context.inputs)
    if not problems:
        yield absent(
            "structure", BEST_COUNT, METRIC, "", "the run makes no structure/ beside released/ or features/"
        )
        return
    tasks = [_task(problem, source, context) for problem, source in problems.items()]
    for task in tasks:
        yield from _of_task(task)
    yield from _summary(tasks)


def _problems(inputs: Inputs) -> dict[Problem, str]:
    """Return the problems with accuracies, counts and scores, and the kind of the scores.

    Published scores are taken if there are any, else features.
    """
    published = [Problem(space, task) for space, tasks in TASKS.items() for task in tasks]
    computed = [Problem.parse(name.removeprefix(f"{FEATURES}/")) for name in inputs.names(FEATURES)]
    known = dict.fromkeys(computed, FEATURES)
    known |= {problem: RELEASED for problem in published if has_task(inputs, RELEASED, problem)}
    return {
        problem: source
        for problem, source in known.items()
        if f"{STRUCTURE}/{problem.space}" in inputs and has_task(inputs, "accuracies", problem)
    }


def _task(problem: Problem, source: str, context: Context) -> Task:
    path = context.inputs.path
    scores = path(f"{source}/{problem.space if source == RELEASED else problem}")
    structure = path(f"{STRUCTURE}/{problem.space}")
    files = Files(
        path(f"accuracies/{problem.space}"), [ScoreTable(scores, source), ScoreTable(structure, STRUCTURE)]
    )
    # What a source leaves undefined is left out, and the number of architectures says how much is left.
    offered = files.offered(problem, score_names(scores), 1.0)
    counts = [f"{PREFIX}{name}" for name in COUNTS]
    proxies = [name for name in offered if name not in counts]
    draws = read_draws(problem, files, [*proxies, *counts], metrics=REPORTING, max_undefined_share=1.0)
    rows = draws[0]
    values = np.stack([[draw.columns[name] for draw in draws] for name in (*proxies, *counts)])
    taus = [mean_over_draws(kendall)(of, rows.accuracy) for of in values]
    signs = np.where(np.array(taus) < 0, -1.0, 1.0)
    found = correlations(
        values * signs[:, None, None],
        rows.accuracy,
        rows.graph,
        context.resamples,
        context.level,
        context.rng("structure_controls", str(problem)),
    )
    return Task(rows, source, proxies, counts, signs, found)


def _of_task(task: Task) -> Iterator[Measured]:
    yield replace(
        _entry(task, NUMBER, float(len(task.rows))), metric="architectures", interval_kind="", seeds=None
    )
    best = {BEST_COUNT: task.best(task.counts), BEST_PROXY: task.best(task.proxies)}
    for column, name in best.items():
        if name is not None:
            choice = name.removeprefix(PREFIX)
            role = HANDCRAFTED if column == BEST_PROXY else ""
            yield replace(_entry(task, column, *task.tau(name)), name=choice, choice=choice, role=role)
    count = best[BEST_COUNT]
    for column, rivals in {LEAD: task.proxies, SOUND_LEAD: task.sound}.items():
        lead = task.lead(count, rivals) if count else None
        if lead:
            rival = task.best(rivals) or ""
            yield replace(_entry(task, column, *lead), choice=rival if column == SOUND_LEAD else "")
    for name in task.counts:
        yield _entry(task, name.removeprefix(PREFIX), *task.tau(name))


def _entry(
    task: Task, column: str, value: float, interval: tuple[float, float] = (np.nan, np.nan)
) -> Measured:
    whose = "published" if task.source == RELEASED else "our own"
    how = "a count is constant" if np.isnan(value) else f"with {task.rows.metric} accuracy, {whose} scores"
    published = (citations.RELEASED,) if task.source == RELEASED else ()
    return Measured(
        row=str(task.problem),
        column=column,
        metric=METRIC,
        value=value,
        n=len(task.rows),
        population="architectures with every score and count",
        notes=stated([how, embedded_note(task.problem)]),
        interval=interval,
        interval_kind=ARCHITECTURES,
        seeds=task.found.by_draw.shape[1],
        problem=str(task.problem),
        cites=(*citations.of_problems([task.problem]), *published, citations.GRAF),
    )


def _summary(tasks: Sequence[Task]) -> Iterator[Measured]:
    """Yield the number of tasks on which the best count, and each count by itself, is ahead."""
    leads = {
        LEAD: [task.lead(best, task.proxies) for task in tasks if (best := task.best(task.counts))],
        SOUND_LEAD: [task.lead(best, task.sound) for task in tasks if (best := task.best(task.counts))],
    }
    for name in COUNTS:
        leads[name] = [task.lead(f"{PREFIX}{name}", task.proxies) for task in tasks]
    for column, of_column in leads.items():
        known = [(value, *interval) for value, interval in filter(None, of_column)]
        found = _wins.wins(pd.DataFrame(known, columns=["value", "ci_low", "ci_high"], dtype=np.float64))
        yield Measured(
            row=SUMMARY,
            column=column,
            metric="problems",
            value=found.won,
            n=found.problems,
            population="tasks",
            interval=found.interval,
            interval_kind=PROBLEMS,
            cites=(*citations.of_problems([task.problem for task in tasks]), citations.GRAF),
        )


TABLE = Table(
    paper="zcrepro",
    title="One structural count against the best proxy",
    caption=(
        "Kendall's tau with accuracy of every count of operations and paths, and of the best proxy, task by "
        "task on the same architectures: those with every score of the source that has most proxies. The "
        f"best of {len(COUNTS)} counts and the best proxy, of far fewer, are chosen on these very "
        "architectures by absolute tau; that favours the counts a little, and the intervals do not allow for "
        "it. Leads are differences of absolute values, with a paired bootstrap interval over architectures. "
        "Sound proxies are all but the published jacov and epe_nas of NAS-Bench-301 and TransNAS-Bench-101, "
        "which are mostly rounding errors; the best of them is named. Last row: on how many tasks the best "
        "count, and each count by itself, is ahead of the best proxy; 20 [15, 24] is ahead on 20, on 15 with "
        "the whole interval above 0, and on all but 24 behind with the whole interval below 0 or without a "
        "value. In TransNAS-Bench-101 macro the counts are of modules. The counts are: "
        + "; ".join(f"{name}, {text}" for name, text in COUNTS.items())
        + "."
    ),
    measure=measure,
    best="row",
)

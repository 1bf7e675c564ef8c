"""All 28 tasks of NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022): every proxy, every source."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from zcrepro.problems.accuracies import REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.proxies.suite_zero import SUITE_ZERO as PROXIES
from zcrepro.ranking.correlation import spearman
from zcrepro.report import citations
from zcrepro.report._base import Table
from zcrepro.report._scored import with_accuracy
from zcrepro.report._suite_zero import TASKS
from zcrepro.report.context import Context
from zcrepro.report.entry import ARCHITECTURES, HANDCRAFTED, Measured, absent

READS = (
    "accuracies/nasbench?01",
    "accuracies/transnasbench101_*",
    "released/nasbench?01",
    "released/transnasbench101_*",
)

METRIC = "spearman"


def measure(context: Context) -> Iterator[Measured]:
    """Yield an entry per task, proxy and source; a proxy that no source has is an entry that says so."""
    for space, tasks in TASKS.items():
        missing = context.inputs.missing(f"accuracies/{space}", f"released/{space}")
        for task in tasks:
            problem = Problem(space, task)
            if missing:
                yield from (absent(str(problem), proxy, METRIC, "", missing) for proxy in PROXIES)
            else:
                yield from _of_problem(problem, context)


def _of_problem(problem: Problem, context: Context) -> Iterator[Measured]:
    released = context.inputs.frame(f"released/{problem.space}")
    accuracies = context.inputs.frame(f"accuracies/{problem.space}")
    of_task = released[released["task"] == problem.task]
    metric, scores, _ = with_accuracy(of_task, accuracies, problem.task, REPORTING)
    for proxy in PROXIES:
        for source, rows in scores.groupby("source"):
            if rows[proxy].notna().any():
                yield _correlation(problem, proxy, str(source), metric, rows, context)
        if not scores[proxy].notna().any():
            yield absent(str(problem), proxy, METRIC, "", f"no source has {proxy} of this task")


def _correlation(
    problem: Problem, proxy: str, source: str, metric: str, rows: pd.DataFrame, context: Context
) -> Measured:
    defined = rows[rows[proxy].notna()]
    x, y = defined[proxy].to_numpy(np.float64), defined["accuracy"].to_numpy(np.float64)
    # The key leaves the proxy out, so that all are judged on the same resamples.
    key = "suite_zero_28_tasks", str(problem), source
    undefined = len(rows) - len(defined)
    return Measured(
        row=str(problem),
        column=proxy,
        metric=METRIC,
        value=spearman(x, y),
        n=len(defined),
        population=f"architectures with {metric} accuracy",
        series=f"{source}, n = {len(rows):,}",
        notes=(f"undefined scores are left out: {undefined}",) if undefined else (),
        interval=context.bootstrap(spearman, x, y, defined["graph"].to_numpy(object), *key),
        interval_kind=ARCHITECTURES,
        seeds=1,
        problem=str(problem),
        role=HANDCRAFTED,
        name=proxy,
        cites=(*citations.of_problems([problem]), citations.RELEASED),
    )


TABLE = Table(
    paper="zcrepro",
    title="The 28 tasks of NAS-Bench-Suite-Zero",
    caption=(
        "Spearman correlation of each published proxy score with accuracy, by task and by source: sources "
        "are different runs, on different architectures, and are never mixed. Test accuracy where a "
        "benchmark has one; room_layout is a negative loss, and the accuracies of NAS-Bench-301 on CIFAR-10 "
        "are predictions of its surrogate."
    ),
    measure=measure,
    best="row",
)

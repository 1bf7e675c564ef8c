"""The PyTorchCV models of ZCP (Abdelfattah et al., ICLR 2021): six proxies and the vote on a zoo of models.

The absolute value of Spearman's rho with test accuracy, as in the authors' notebook. Of its four data sets
and two kinds of weights, the models of CIFAR-10 with random weights are scored here.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.report import _scored, citations
from zcrepro.report._base import Table
from zcrepro.report._zcp import METRICS_OF_VOTES, NOTES, OF_VOTES, PROXIES, correlated
from zcrepro.report.context import Context
from zcrepro.report.entry import (
    ARCHITECTURES,
    HANDCRAFTED,
    OTHER_POPULATION,
    Measured,
    absent,
    spread_note,
    stated,
)

READS = ("features-zoo/pytorchcv/cifar10", "accuracies/pytorchcv")

PROBLEM = Problem("pytorchcv", "cifar10")
SCORES, METRIC = f"features-zoo/{PROBLEM}", "test"

COLUMNS = {name: [ours] for name, ours in PROXIES.items()} | {"synflow": ["synflow"]}
"""What the paper's code computes of these models: it takes all BatchNorm out of them for synflow."""

ROWS = COLUMNS | {vote: ["synflow", "jacov", "snip"] for vote in METRICS_OF_VOTES}
METRICS = dict.fromkeys(COLUMNS, "abs_spearman") | METRICS_OF_VOTES

MISSING = {
    "cifar100": "models of CIFAR-100: those of the space pytorchcv are for CIFAR-10",
    "svhn": "models of SVHN, and its images: the models of the space pytorchcv are for CIFAR-10",
    "ImageNet1k": "the images of ImageNet, and days for its 191 models on a CPU",
}
"""Data sets of the paper that are not scored here, and what they would need."""

PRETRAINED = ", pretrained"
WEIGHTS = "pretrained weights, which the package would download"


def measure(context: Context) -> Iterator[Measured]:
    """Yield the entries of all data sets, with random and pretrained weights; most inputs are missing."""
    scored = _scored.own_draws(context.inputs, SCORES, PROBLEM.task, METRIC)
    for row in ROWS:
        if isinstance(scored, str):
            yield absent(row, PROBLEM.task, METRICS[row], "", scored)
        else:
            yield _measured(row, *scored, context)
    for row in COLUMNS:
        for task, missing in MISSING.items():
            yield absent(row, task, METRICS[row], "", missing)
        for task in (PROBLEM.task, *MISSING):
            yield absent(row, task + PRETRAINED, METRICS[row], "", WEIGHTS)


def _measured(row: str, draws: list[pd.DataFrame], total: int, context: Context) -> Measured:
    kept = _scored.of_every_draw(draws, ROWS[row])
    scores, accuracy, graphs = _scored.defined(kept, ROWS[row])
    key = "zcp_pytorchcv", PROBLEM.task
    by_draw, interval = correlated(row, scores, accuracy, graphs, OTHER_POPULATION, context, *key)
    undefined = len(kept[0]) - len(accuracy)
    largest = kept[0]["flops"].max() / 1e6
    notes = [
        f"{len(kept[0])} of {total} models, those of at most {largest:,.0f} million multiply-adds",
        "the paper has 56 models, which it does not name",
        *_scored.how_drawn(context.inputs, SCORES)[:1],
        NOTES.get(row, "") if row == "jacob_cov" else "",
        OF_VOTES.get(row, ""),
        spread_note(len(by_draw), float(np.min(by_draw)), float(np.max(by_draw))),
        f"undefined scores are left out: {undefined}" if undefined else "",
    ]
    return Measured(
        row=row,
        column=PROBLEM.task,
        metric=METRICS[row],
        value=float(np.mean(by_draw)),
        n=len(accuracy),
        population=f"{len(kept[0])} of {total} models",
        notes=stated(notes),
        interval=interval,
        interval_kind=ARCHITECTURES,
        seeds=len(by_draw),
        relation=OTHER_POPULATION,
        problem=str(PROBLEM),
        role=HANDCRAFTED,
        name=row,
        cites=citations.of_problems([PROBLEM]),
    )


TABLE = Table(
    paper="ZCP",
    title="ZCP, PyTorchCV: six proxies and their vote on a zoo of models",
    caption=(
        "Absolute Spearman correlation of each proxy with the test accuracy of models of the package "
        "pytorchcv; for “vote (pairs)” the share of pairs of models that the majority of synflow, jacob_cov "
        "and snip orders rightly."
    ),
    measure=measure,
)

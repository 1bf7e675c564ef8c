"""All 28 tasks of NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022): every proxy, every source."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from zcrepro.proxies.suite_zero import SUITE_ZERO as PROXIES
from zcrepro.ranking.correlation import spearman
from zcrepro.report._base import Bootstrap, Table
from zcrepro.report._inputs import Inputs
from zcrepro.report.comparison import ARCHITECTURES, Measured, absent

FURTHER = ("ninapro", "svhn", "scifar100")
TRANSNAS = (
    "class_object",
    "class_scene",
    "jigsaw",
    "room_layout",
    "segmentsemantic",
    "autoencoder",
    "normal",
)
TASKS = {
    "nasbench101": ("cifar10",),
    "nasbench201": ("cifar10", "cifar100", "ImageNet16-120", *FURTHER),
    "nasbench301": ("cifar10", *FURTHER),
    "transnasbench101_micro": (*TRANSNAS, *FURTHER),
    "transnasbench101_macro": TRANSNAS,
}

METRIC = "spearman"
REPORTING = ("test", "validation")  # the accuracy that reports: the first of these that there is


def measure(inputs: Inputs, bootstrap: Bootstrap) -> Iterator[Measured]:
    """A row for each task and source; what no source has is a row that says so."""
    for space, tasks in TASKS.items():
        accuracies, released = f"accuracies/{space}", f"released/{space}"
        missing = [name for name in (accuracies, released) if name not in inputs]
        for task in tasks:
            if missing:
                lack = f"the run makes no {' and no '.join(missing)}"
                yield from (absent(f"{space}/{task}", proxy, METRIC, "", lack) for proxy in PROXIES)
            else:
                yield from _of_task(space, task, inputs.frame(accuracies), inputs.frame(released), bootstrap)


def _of_task(
    space: str, task: str, accuracies: pd.DataFrame, released: pd.DataFrame, bootstrap: Bootstrap
) -> Iterator[Measured]:
    metric, known = _accuracy(accuracies[accuracies["task"] == task])
    scores = released[released["task"] == task].merge(known, on="arch").sort_values("arch")
    for proxy in PROXIES:
        for source, rows in scores.groupby("source"):
            if rows[proxy].notna().any():
                yield _correlation(f"{space}/{task}", proxy, str(source), metric, rows, bootstrap)
        if not scores[proxy].notna().any():
            yield absent(f"{space}/{task}", proxy, METRIC, "", f"no source has {proxy} of this task")


def _accuracy(rows: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The kind of accuracy that reports, and a frame of arch and accuracy."""
    for metric in REPORTING:
        of = rows.loc[rows["metric"] == metric, ["arch", "accuracy"]]
        if len(of):
            return metric, of
    return "", rows[["arch", "accuracy"]]


def _correlation(
    row: str, proxy: str, source: str, metric: str, rows: pd.DataFrame, bootstrap: Bootstrap
) -> Measured:
    defined = rows[rows[proxy].notna()]
    x, y = defined[proxy].to_numpy(np.float64), defined["accuracy"].to_numpy(np.float64)
    # The key leaves the proxy out, so that all are judged on the same resamples.
    key = "suite_zero_28_tasks", row, source
    interval = bootstrap.interval(spearman, x, y, defined["graph"].to_numpy(object), *key)
    undefined = len(rows) - len(defined)
    return Measured(
        row=row,
        column=proxy,
        metric=METRIC,
        value=spearman(x, y),
        n=len(defined),
        population=f"{source}, n = {len(rows):,}: architectures with {metric} accuracy",
        note=f"undefined scores are left out: {undefined}" if undefined else "",
        interval=interval,
        interval_kind=ARCHITECTURES,
        seeds=1,
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
)

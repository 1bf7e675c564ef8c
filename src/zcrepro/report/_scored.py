"""Scores joined with the accuracies of a task."""

import json
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from zcrepro.images.base import LOOKALIKE
from zcrepro.problems.accuracies import of_task
from zcrepro.problems.problem import Problem
from zcrepro.proxies.feature_table import DRAWN_IMAGES, computed
from zcrepro.report._inputs import Inputs
from zcrepro.report.entry import ALL, SAMPLE

FIXED_MINIBATCH = (
    "one fixed minibatch without augmentation, while the paper draws an augmented one for each architecture"
)
WITHOUT_IMAGES = ("params", "flops", "l2_norm", "synflow", "synflow_zcp", "log_synflow", "zen")
"""Scores that do not depend on images."""

NOISE = "images: noise"
"""What a note says of a score of drawn images."""

SHARED_WEIGHTS = "equal graphs share their initial weights"


def with_accuracy(
    scores: pd.DataFrame, accuracies: pd.DataFrame, task: str, metrics: Sequence[str]
) -> tuple[str, pd.DataFrame, int]:
    """Join scores with accuracies.

    Parameters
    ----------
    scores
        One row per architecture (and source) of the task: arch, graph, and a column per proxy.
    accuracies
        The table of a space's accuracies.
    task
        The task.
    metrics
        Kinds of accuracy; the first one that the table has for the task is taken.

    Returns
    -------
    tuple
        The kind of accuracy, the rows of ``scores`` with a column ``accuracy``, sorted by arch, and the
        number of architectures that have an accuracy.
    """
    metric, known = of_task(accuracies, task, metrics)
    rows = scores.merge(known[["arch", "accuracy"]], on="arch", validate="many_to_one")
    return metric, rows.sort_values("arch", ignore_index=True), len(known)


def has_task(inputs: Inputs, folder: str, problem: Problem) -> bool:
    """Return whether the table of the problem's space in ``folder`` is there and has rows of its task."""
    name = f"{folder}/{problem.space}"
    return name in inputs and problem.task in set(inputs.frame(name)["task"])


def own_draws(inputs: Inputs, scored: str, task: str, metric: str) -> tuple[list[pd.DataFrame], int] | str:
    """Return our scores of a problem with the accuracies of a task, or a text that names what is missing.

    Parameters
    ----------
    inputs
        The inputs of the table.
    scored
        The name of the table of features, of a problem or of a variant.
    task
        The task of the accuracies, in the same space.
    metric
        The kind of accuracy, ``validation`` or ``test``.

    Returns
    -------
    tuple
        The rows of each draw, as ``with_accuracy`` returns them, and the number of architectures that have
        an accuracy.
    """
    accuracies = f"accuracies/{scored.split('/')[1]}"
    missing = inputs.missing(accuracies, scored)
    if missing:
        return missing
    known = inputs.frame(accuracies)
    joined = [with_accuracy(draw, known, task, (metric,)) for draw in inputs.draws(scored)]
    _, rows, total = joined[0]
    if rows.empty:
        return f"{scored} and {accuracies} share no architecture with {metric} accuracy on {task}"
    return [rows for _, rows, _ in joined], total


def how_drawn(inputs: Inputs, scored: str) -> tuple[str, str]:
    """Return notes on the minibatches and weights of our scores; empty if they are drawn as in the papers."""
    how = json.loads(inputs.metadata(scored)["how"])
    return (
        "" if how["augmented_batches"] else FIXED_MINIBATCH,
        SHARED_WEIGHTS if how["share_equal_graphs"] else "",
    )


def other_images(inputs: Inputs, scored: str) -> str:
    """Return a note on images that are not those of the task's data set; empty if they are."""
    described = inputs.metadata(scored).get("minibatch", "")
    if described == DRAWN_IMAGES:
        return NOISE
    lookalike = re.search(f"{LOOKALIKE} .*", described)
    return f"images: {lookalike[0]}" if lookalike else ""


def of_every_draw(draws: Sequence[pd.DataFrame], columns: Sequence[str]) -> list[pd.DataFrame]:
    """Return the rows of each draw for which every draw has computed the ``columns``.

    Of our scores these are a prefix of the random order of architectures, and so a random sample. A draw that
    has computed them for no architecture is left out, unless none has.
    """
    known = [computed(draw, columns) for draw in draws]
    known = [draw for draw in known if len(draw)] or known[:1]
    common = set(known[0]["arch"]).intersection(*(draw["arch"] for draw in known[1:]))
    return [draw[draw["arch"].isin(common)] for draw in known]


def of_prefix(count: int, total: int) -> tuple[str, str]:
    """Return the first ``count`` architectures of the random order in words, and their relation to all."""
    if count == total:
        return f"all {total:,}", ALL
    return f"a random sample of {count:,} of {total:,}", SAMPLE


def defined(
    draws: Sequence[pd.DataFrame], columns: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, (draws, columns, n), accuracies and graphs, (n,), of the rows that all draws define."""
    scores = np.stack([draw[list(columns)].to_numpy(np.float64).T for draw in draws])
    kept = ~np.isnan(scores).any(axis=(0, 1))
    rows = draws[0][kept]
    return scores[:, :, kept], rows["accuracy"].to_numpy(np.float64), rows["graph"].to_numpy(object)

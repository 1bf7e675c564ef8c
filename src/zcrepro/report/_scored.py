"""Scores joined with the accuracies of a task."""

from collections.abc import Sequence

import pandas as pd

from zcrepro.problems.accuracies import of_task


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

"""Checks on the accuracies of every recipe."""

import numpy as np
import pandas as pd
import pytest

from zcrepro.benchmarks.tidy import check_accuracies


def rows(accuracy, task="room_layout", metric="validation"):
    row = {"arch": "a", "task": task, "metric": metric, "accuracy": accuracy, "file": "some.zip"}
    return pd.DataFrame([row])


def test_a_task_that_is_no_percentage_may_be_negative_but_not_nan():
    check_accuracies(rows(-0.62), not_percent={"room_layout"})
    with pytest.raises(ValueError, match="accuracy nan of a on room_layout"):
        check_accuracies(rows(np.nan), not_percent={"room_layout"})


@pytest.mark.parametrize("accuracy", [-0.1, 100.1, np.nan, np.inf])
def test_any_other_task_is_a_percentage(accuracy):
    with pytest.raises(ValueError, match=r"validation accuracy .* is not a percentage"):
        check_accuracies(rows(accuracy, task="jigsaw"), not_percent={"room_layout"})


def test_a_metric_that_is_neither_validation_nor_test_is_named():
    with pytest.raises(ValueError, match="unknown metric train; there are validation, test"):
        check_accuracies(rows(50.0, metric="train"), not_percent=frozenset())

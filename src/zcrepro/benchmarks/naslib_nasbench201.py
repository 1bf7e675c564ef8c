"""Read what NASLib calls the validation accuracy of NAS-Bench-201: NAS-Bench-Suite-Zero (NeurIPS 2022).

The value of each of the 15,625 architectures is the test accuracy of a single training, on CIFAR-10 of a
network trained on half of the training set. The accuracies of ``nasbench201`` are means over trainings: the
two are equal where there was one. So this is a metric of its own, which nothing is chosen or judged by.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import require_files
from zcrepro.benchmarks._suite_zero import ACCURACY
from zcrepro.benchmarks.suite_zero_nasbench201 import FIRST_TASKS, ZEN, zen_scores


class NASLibNASBench201:
    """Recipe for NASLib's ``val_accuracy`` on three tasks."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``."""
        require_files(files, [ZEN], "naslib_nasbench201")
        return pd.concat([_of(files[ZEN], task) for task in FIRST_TASKS], ignore_index=True)


def _of(path: Path, task: str) -> pd.DataFrame:
    found = zen_scores(path, task)
    frame = found[["arch"]].assign(task=task, metric=ACCURACY, accuracy=found[ACCURACY], file=ZEN)
    return frame.assign(seeds=pd.Series(1, frame.index, "Int64"), source="NASLib table of zen")


RECIPE = NASLibNASBench201()

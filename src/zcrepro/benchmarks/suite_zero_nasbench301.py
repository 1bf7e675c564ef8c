"""Read accuracies and published proxy scores of NAS-Bench-301: NAS-Bench-Suite-Zero (NeurIPS 2022).

* CIFAR-10: the predictions of NAS-Bench-301's surrogate, called ``val_accuracy`` there. They predict the
  validation accuracy after 100 epochs and belong to no training. The pinned file is the authors' first run
  (725 architectures and 12 proxies, without zen), the official one is the final release. Only one of them is
  read, because their scores are not interchangeable.
* ninapro, svhn and scifar100: 199 architectures that the authors trained once, and all 13 proxies.

The parameters and flops of all these architectures equal those of the networks built here. This verifies the
encoding except for the numbers of the two poolings, whose counts are equal. Their order is NASLib's. The
released synflow distinguishes them: the mean error of its logarithm is .09, and .33 with the poolings
exchanged.
"""

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import require_files
from zcrepro.benchmarks._suite_zero import (
    ACCURACY,
    archive_scores,
    further_accuracies,
    json_scores,
    published_counts,
)
from zcrepro.spaces.nasbench301 import SPACE

FIRST_RUN = "nas-bench-suite-zero/zc_nasbench301.json"
FINAL = "official/nas-bench-suite-zero/zc_nasbench301.json"
RUNS = {FIRST_RUN: "NASLib first run", FINAL: "NASLib final release"}
FURTHER = "nas-bench-suite-zero/9x_all.zip"

SURROGATE_TASK = "cifar10"
FURTHER_TASKS = ("ninapro", "svhn", "scifar100")

NASLIB_OPERATIONS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)


class SuiteZeroNASBench301:
    """Recipe for accuracies, published scores and counts on four tasks."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``."""
        name = _run(files)
        predicted = json_scores(files[name], SURROGATE_TASK, decoded)[["arch", ACCURACY]]
        predicted = predicted.rename(columns={ACCURACY: "accuracy"})
        predicted["seeds"] = pd.Series(pd.NA, predicted.index, "Int64")
        labels = {"metric": "validation", "source": f"NAS-Bench-301 surrogate, {RUNS[name]}"}
        trained = [further_accuracies(files[FURTHER], "nasbench301", task, decoded) for task in FURTHER_TASKS]
        parts = [predicted.assign(task=SURROGATE_TASK, file=name, **labels)]
        return pd.concat([*parts, *(part.assign(file=FURTHER) for part in trained)], ignore_index=True)

    def released(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return published scores, see ``_base.Released``."""
        name = _run(files)
        scores = json_scores(files[name], SURROGATE_TASK, decoded)
        parts = [scores.assign(task=SURROGATE_TASK, source=RUNS[name], file=name)]
        for task in FURTHER_TASKS:
            further = archive_scores(files[FURTHER], "nasbench301", task, decoded)
            parts.append(further.assign(task=task, source="NASLib further tasks", file=FURTHER))
        return pd.concat(parts, ignore_index=True)

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return counts, see ``_base.Counts``."""
        return published_counts(self.released(files))


def _run(files: Mapping[str, Path]) -> str:
    """Return which of the two runs is given.

    Raises ValueError unless the files are exactly one run and the archive of the further tasks.
    """
    run = FINAL if FINAL in files else FIRST_RUN
    require_files(files, [run, FURTHER], "suite_zero_nasbench301")
    return run


@cache
def decoded(encoding: str) -> str:
    """Return the text of NASLib's two lists of eight (source, operation) pairs.

    Raises ValueError for other input.
    """
    try:
        normal, reduce = (
            SPACE.genotype_cell([(_operation(number), source) for source, number in cell])
            for cell in ast.literal_eval(encoding)
        )
    except (ValueError, SyntaxError, TypeError) as error:
        raise ValueError(f"{encoding!r} is not NASLib's encoding of two DARTS cells: {error}") from error
    return SPACE.text((normal, reduce))


def _operation(number: int) -> str:
    if number not in range(len(NASLIB_OPERATIONS)):
        raise ValueError(f"{number!r} is not the number of an operation")
    return NASLIB_OPERATIONS[number]


RECIPE = SuiteZeroNASBench301()

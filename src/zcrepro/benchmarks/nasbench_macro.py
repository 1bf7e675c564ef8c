"""Read accuracies and counts of NAS-Bench-Macro (Su et al., CVPR 2021): all 6,561 texts, on CIFAR-10.

An accuracy is the mean over three trainings of 50 epochs of the best test accuracy of any epoch. It is
therefore slightly higher than what a search could achieve, and there is no validation accuracy. Texts of
equal graphs share one result: 3,969 networks were trained, not 6,561.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.benchmarks._base import count, mean, parses, require_all, require_files
from zcrepro.files.errors import FETCH_AGAIN
from zcrepro.files.json import read_json
from zcrepro.spaces.nasbench_macro import SPACE

FILE = "nasbench-macro/nas-bench-macro_cifar10.json"
LABELS = {"task": "cifar10", "source": "NAS-Bench-Macro", "file": FILE}


class NASBenchMacro:
    """Recipe for test accuracies, parameters and flops of all architectures."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``. Raises ValueError if an architecture is missing."""
        require_files(files, [FILE], "nasbench_macro")
        return _accuracies(files[FILE])

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return counts, see ``_base.Counts``. Raises ValueError if an architecture is missing."""
        require_files(files, [FILE], "nasbench_macro")
        return _counts(files[FILE])


@parses
def _accuracies(path: Path) -> pd.DataFrame:
    rows = [(text, *mean(entry["test_acc"])) for text, entry in _entries(path).items()]
    frame = pd.DataFrame(rows, columns=["arch", "accuracy", "seeds"]).astype({"seeds": "Int64"})
    return frame.assign(metric="test", **LABELS)


@parses
def _counts(path: Path) -> pd.DataFrame:
    rows = [
        (text, quantity, count(entry[quantity]))
        for text, entry in _entries(path).items()
        for quantity in ("params", "flops")
    ]
    return pd.DataFrame(rows, columns=["arch", "quantity", "count"]).assign(**LABELS)


def _entries(path: Path) -> dict[str, dict[str, Any]]:
    entries: dict[str, dict[str, Any]] = read_json(path, FETCH_AGAIN)
    require_all(entries, SPACE)
    for text, entry in entries.items():
        if not entry.keys() >= {"test_acc", "params", "flops"} or not entry["test_acc"]:
            raise ValueError(f"{text} does not have all of test_acc, params and flops")
    return entries


RECIPE = NASBenchMacro()

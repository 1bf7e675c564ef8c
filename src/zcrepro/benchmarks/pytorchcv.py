"""Read the accuracies of the CIFAR-10 models of the package ``pytorchcv``, which its author trained.

The package lists the top-1 error of each model on the test images of CIFAR-10. How often a model was trained
is not said.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import number, require_columns, require_files
from zcrepro.files.csv import read_csv
from zcrepro.files.errors import reads
from zcrepro.spaces.pytorchcv import DATA_SET

FILE = "resources/pytorchcv/cifar10.csv"
RESTORE = "restore it from the repository"


class PyTorchCV:
    """Recipe for test accuracies on CIFAR-10."""

    remedy = RESTORE

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``. Raises ValueError if an error rate is not a number."""
        require_files(files, [FILE], "pytorchcv")
        return _accuracies(files[FILE])


@reads(RESTORE)
def _accuracies(path: Path) -> pd.DataFrame:
    listed = read_csv(path, RESTORE)
    require_columns(listed, ["model", "top1_error_percent"])
    errors = listed["top1_error_percent"].map(number)
    frame = pd.DataFrame({"arch": listed["model"], "accuracy": 100 - errors})
    frame["seeds"] = pd.Series(pd.NA, frame.index, "Int64")
    return frame.assign(task=DATA_SET, metric="test", source="pytorchcv", file=FILE)


RECIPE = PyTorchCV()

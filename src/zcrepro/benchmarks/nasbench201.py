"""Read accuracies of NAS-Bench-201 (Dong and Yang, ICLR 2020): all 15,625 networks after 200 epochs.

The validation accuracies, and the test accuracies of CIFAR-100 and ImageNet16-120, are means over seeds
released by the authors of NASGraph. Their CIFAR-10 test accuracies are left out, because they belong to
networks trained on half of the training set, the other half being the validation set (the best is 91.52). The
CIFAR-10 test accuracies here belong to networks trained on the whole training set (the best is 94.37). They
are in the pickle of MeCo's authors, seed by seed.

On ninapro, svhn and scifar100 the authors of NAS-Bench-Suite-Zero trained 199 architectures. They publish one
accuracy each, which they call validation accuracy.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.benchmarks._base import mean, number, parses, require_all, require_columns, require_files
from zcrepro.benchmarks._suite_zero import further_accuracies
from zcrepro.benchmarks.suite_zero_nasbench201 import FIRST_TASKS, FURTHER, FURTHER_TASKS, decoded
from zcrepro.files import pickles
from zcrepro.files.csv import read_csv
from zcrepro.files.errors import FETCH_AGAIN
from zcrepro.spaces.nasbench201 import SPACE

NASGRAPH = {task: f"nasbench201/nasbench201_{task}.csv" for task in FIRST_TASKS}
MECO = "nasbench201/nb2_test_acc_cf10.p"

COLUMNS = {"validation": "validation accuracy", "test": "test accuracy"}


class NASBench201:
    """Recipe for validation and test accuracies on three tasks, and some accuracies on three more."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``.

        Raises ValueError if an architecture is missing from a file.
        """
        require_files(files, [*NASGRAPH.values(), MECO, FURTHER], "nasbench201")
        parts = [
            half_trained_test_left_out(files[name], task).assign(file=name) for task, name in NASGRAPH.items()
        ]
        parts.append(whole_training_test(files[MECO]).assign(file=MECO))
        for task in FURTHER_TASKS:
            parts.append(
                further_accuracies(files[FURTHER], "nasbench201", task, decoded).assign(file=FURTHER)
            )
        return pd.concat(parts, ignore_index=True)


@parses
def half_trained_test_left_out(path: Path, task: str) -> pd.DataFrame:
    """Return a table of NASGraph: validation accuracies, and test accuracies unless the task is CIFAR-10."""
    table = read_csv(path, FETCH_AGAIN)
    require_columns(table, ["arch str", *COLUMNS.values()])
    require_all(table["arch str"], SPACE)
    parts = [
        pd.DataFrame({"arch": table["arch str"], "metric": metric, "accuracy": table[column].map(number)})
        for metric, column in COLUMNS.items()
        if (task, metric) != ("cifar10", "test")
    ]
    # The accuracies are means over seeds, but the tables do not say over how many.
    frame = pd.concat(parts, ignore_index=True).assign(task=task, source="NASGraph")
    return frame.assign(seeds=pd.Series(pd.NA, frame.index, "Int64"))


@parses
def whole_training_test(path: Path) -> pd.DataFrame:
    """Return CIFAR-10 test accuracies from MeCo's pickle, averaged over the one to three seeds available.

    The pickle maps six operation numbers, in the order of ``EDGES`` and ``OPERATIONS`` of the space, to a
    list of percentages.
    """
    by_arch = pickles.load(path)
    if not isinstance(by_arch, dict):
        raise ValueError(f"a {type(by_arch).__name__}, expected a dict of accuracies by architecture")
    rows = [_tested(key, accuracies) for key, accuracies in by_arch.items()]
    frame = pd.DataFrame(rows, columns=["arch", "accuracy", "seeds"])
    require_all(frame["arch"], SPACE)
    return frame.assign(task="cifar10", metric="test", source="MeCo").astype({"seeds": "Int64"})


def _tested(key: tuple[int, ...], accuracies: Any) -> tuple[str, float, int]:
    try:
        return SPACE.text(tuple(SPACE.operations[place] for place in key)), *mean(accuracies)
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(
            f"{key!r:.80}: {accuracies!r:.80} is not six operation numbers and a list: {error}"
        ) from error


RECIPE = NASBench201()

"""Accuracies of NAS-Bench-201 (Dong and Yang, ICLR 2020): all 15,625 networks after 200 epochs.

Validation accuracies, and the test accuracies of CIFAR-100 and ImageNet16-120, are the means over
seeds that NASGraph's authors released. Their CIFAR-10 test accuracies are left out: those are of
networks that were trained on half of the training set, the other half being the validation set
(best 91.52). CIFAR-10 is tested with networks trained on all of it (best 94.37), whose accuracies
by seed are in the pickle of MeCo's authors.

On ninapro, svhn and scifar100 the authors of NAS-Bench-Suite-Zero trained 199 architectures and give
one accuracy each, which they call validation accuracy.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import require_columns, require_files
from zcrepro.benchmarks._suite_zero import further_accuracies
from zcrepro.benchmarks.suite_zero_nasbench201 import FIRST_TASKS, FURTHER, FURTHER_TASKS, decoded
from zcrepro.files import pickles
from zcrepro.files.csv import read_csv
from zcrepro.spaces.nasbench201 import SPACE

NASGRAPH = {task: f"nasbench201/nasbench201_{task}.csv" for task in FIRST_TASKS}
MECO = "nasbench201/nb2_test_acc_cf10.p"

COLUMNS = {"validation": "validation accuracy", "test": "test accuracy"}


class NASBench201:
    """Accuracies of all architectures on three tasks, validation and test, and of some on three more."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """See ``_base.Accuracies``. Raises ValueError when an architecture is missing from a file."""
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


def half_trained_test_left_out(path: Path, task: str) -> pd.DataFrame:
    """A table of NASGraph: validation accuracies, and test accuracies unless the task is CIFAR-10."""
    table = read_csv(path)
    require_columns(table, ["arch str", *COLUMNS.values()], path)
    _require_all(table["arch str"], path)
    parts = [
        pd.DataFrame({"arch": table["arch str"], "metric": metric, "accuracy": table[column]})
        for metric, column in COLUMNS.items()
        if (task, metric) != ("cifar10", "test")
    ]
    # Means over seeds, but the tables do not say of how many.
    frame = pd.concat(parts, ignore_index=True).assign(task=task, source="NASGraph")
    return frame.assign(seeds=pd.Series(pd.NA, frame.index, "Int64"))


def whole_training_test(path: Path) -> pd.DataFrame:
    """MeCo's pickle: CIFAR-10 test accuracies, the mean over the one to three seeds there are.

    It maps six operation numbers, in the order of our edges and operations, to a list of percents.
    """
    by_arch = pickles.load(path)
    if not isinstance(by_arch, dict):
        raise ValueError(
            f"{path} holds a {type(by_arch).__name__}, expected a dict of accuracies by architecture"
        )
    rows = [_tested(key, accuracies, path) for key, accuracies in by_arch.items()]
    frame = pd.DataFrame(rows, columns=["arch", "accuracy", "seeds"])
    _require_all(frame["arch"], path)
    return frame.assign(task="cifar10", metric="test", source="MeCo").astype({"seeds": "Int64"})


def _tested(key: tuple[int, ...], accuracies: list[float], path: Path) -> tuple[str, float, int]:
    try:
        arch = SPACE.text(tuple(SPACE.operations[number] for number in key))
        return arch, sum(accuracies) / len(accuracies), len(accuracies)
    except (TypeError, ValueError, IndexError, ZeroDivisionError) as error:
        raise ValueError(
            f"{path}: {key!r}: {accuracies!r} is not six operation numbers and a list"
        ) from error


def _require_all(texts: Collection[str], path: Path) -> None:
    """Raises ValueError unless every architecture of the space is there, once."""
    found = set(texts)
    missing = [text for text in map(SPACE.text, SPACE.architectures()) if text not in found]
    if missing or len(texts) != SPACE.size:
        example = f"; missing: {len(missing)}, for example {missing[0]}" if missing else ""
        raise ValueError(
            f"{path} has {len(texts)} rows, expected {SPACE.size} architectures once each{example}"
        )


RECIPE = NASBench201()

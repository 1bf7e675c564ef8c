"""Read the archives of NATS-Bench (Dong et al., TPAMI 2021), "simple", version 1.0: a tar of pickles.

There is one pickle per architecture. A member ``<index>.pickle.pbz2`` maps each training length, a number of
epochs as text ("12", "200"), to a record. A record has the keys ``arch_str``, ``dataset_seed`` (dataset ->
seeds) and ``all_results``. The latter maps (dataset, seed) to ``params`` and ``flop``, both in millions, and
``eval_acc1es``, which maps evaluation set and epoch ("x-valid@199") to percent. The record of 12 epochs is a
separate training, not the beginning of a longer one.

CIFAR-10 was trained twice. ``cifar10-valid`` is trained on half of the training set and validated on the
other half, ``x-valid``. ``cifar10`` is trained on the whole training set. ``ori-test`` is the test set of
CIFAR-10; for the other datasets, it is the union of validation and test set.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.benchmarks._base import mean, millions, parses
from zcrepro.files import archives, pickles
from zcrepro.progress import track

EVALUATIONS = {
    ("cifar10", "validation"): ("cifar10-valid", "x-valid"),
    ("cifar10", "test"): ("cifar10", "ori-test"),
    ("cifar100", "validation"): ("cifar100", "x-valid"),
    ("cifar100", "test"): ("cifar100", "x-test"),
    ("ImageNet16-120", "validation"): ("ImageNet16-120", "x-valid"),
    ("ImageNet16-120", "test"): ("ImageNet16-120", "x-test"),
}
"""Dataset that was trained on and set that was evaluated on, by task and metric."""

QUANTITIES = {"params": "params", "flops": "flop"}
COUNTED_EPOCHS = 12

MEMBER = re.compile(r"\d+\.pickle\.pbz2")

SCALARS = frozenset({"numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"})
"""Imports of NumPy scalars such as the parameters, the only types beyond plain ones."""

Record = Mapping[str, Any]


@parses
def accuracies(path: Path, epochs: int) -> pd.DataFrame:
    """Return arch, task, metric, accuracy and seeds of every member.

    The accuracy is that after the last epoch, in percent, averaged over the seeds.
    """
    columns = ["arch", "task", "metric", "accuracy", "seeds"]
    rows = (row for record in records(path, epochs) for row in _accuracies(record, epochs))
    return pd.DataFrame(rows, columns=columns).astype({"seeds": "Int64"})


@parses
def counts(path: Path) -> pd.DataFrame:
    """Return arch, task, quantity and count of every member.

    They are taken from the trainings of 12 epochs. Some records of 200 epochs have the counts of another
    network for one of the seeds. The authors' code corrects this since version 1.6.
    """
    rows = (row for record in records(path, COUNTED_EPOCHS) for row in _counts(record))
    return pd.DataFrame(rows, columns=["arch", "task", "quantity", "count"])


def records(path: Path, epochs: int) -> Iterator[Record]:
    """Yield the record of every member for trainings of the given number of epochs.

    Raises ValueError if the file is not such an archive or has no such trainings.
    """
    for name, member in members(path):
        if str(epochs) not in member:
            raise ValueError(f"{name} has no training of {epochs} epochs, but of {', '.join(member)}")
        yield member[str(epochs)]


def members(path: Path) -> Iterator[tuple[str, Mapping[str, Record]]]:
    """Yield the name and the content of each member, with one member in memory at a time."""
    with archives.tar_of_bzip2(path, MEMBER) as entries:
        for name, read in track(entries, f"reading {path.name}"):
            yield name, pickles.loads(read(), f"{path}: {name}", SCALARS)


def _accuracies(record: Record, epochs: int) -> Iterator[tuple[str, str, str, float, int]]:
    for (task, metric), (dataset, evaluated_on) in EVALUATIONS.items():
        key = f"{evaluated_on}@{epochs - 1}"
        try:
            by_seed = [result["eval_acc1es"][key] for result in _trainings(record, dataset)]
        except KeyError as error:
            raise ValueError(f"{record['arch_str']} lacks {error} of {dataset}") from error
        yield record["arch_str"], task, metric, *mean(by_seed)


def _counts(record: Record) -> Iterator[tuple[str, str, str, int]]:
    for task in dict.fromkeys(task for task, _ in EVALUATIONS):
        for quantity, key in QUANTITIES.items():
            found = {millions(result[key]) for result in _trainings(record, task)}
            if len(found) != 1:
                raise ValueError(f"{record['arch_str']} has {quantity} {sorted(found)} on {task}")
            yield record["arch_str"], task, quantity, found.pop()


def _trainings(record: Record, dataset: str) -> list[Record]:
    return [record["all_results"][dataset, seed] for seed in record["dataset_seed"][dataset]]

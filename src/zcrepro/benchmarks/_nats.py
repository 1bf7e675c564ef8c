"""The archives of NATS-Bench (Dong et al., TPAMI 2021), "simple", version 1.0: a tar of pickles.

There is one for each architecture. A member ``<index>.pickle.pbz2`` holds a record for each length
of training, by its epochs as text ("12", "200"): ``arch_str``, ``dataset_seed`` (dataset -> seeds)
and ``all_results``, which maps (dataset, seed) to ``params`` and ``flop`` in millions and to
``eval_acc1es``, percent by split and epoch ("x-valid@199"). The record of 12 epochs is a training
of its own, not the beginning of a longer one.

CIFAR-10 was trained twice. ``cifar10-valid`` is trained on half of the training set, whose other
half is ``x-valid``; ``cifar10`` is trained on all of it. ``ori-test`` is CIFAR-10's test set, but
of the other datasets it is validation and test set together.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.files import archives, pickles
from zcrepro.progress import track
from zcrepro.spaces.base import Space

SPLITS = {
    ("cifar10", "validation"): ("cifar10-valid", "x-valid"),
    ("cifar10", "test"): ("cifar10", "ori-test"),
    ("cifar100", "validation"): ("cifar100", "x-valid"),
    ("cifar100", "test"): ("cifar100", "x-test"),
    ("ImageNet16-120", "validation"): ("ImageNet16-120", "x-valid"),
    ("ImageNet16-120", "test"): ("ImageNet16-120", "x-test"),
}
"""What was trained and where it was evaluated, by task and metric."""

QUANTITIES = {"params": "params", "flops": "flop"}
COUNTED_EPOCHS = 12

MEMBER = re.compile(r"\d+\.pickle\.pbz2")

SCALARS = frozenset({"numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"})
"""Numbers that were computed with NumPy, such as the parameters: the only types beyond plain ones."""

Record = Mapping[str, Any]


def accuracies(path: Path, epochs: int) -> pd.DataFrame:
    """arch, task, metric, accuracy and seeds of every member: the last epoch, the mean over its seeds."""
    columns = ["arch", "task", "metric", "accuracy", "seeds"]
    rows = (row for record in records(path, epochs) for row in _accuracies(record, epochs, path))
    return pd.DataFrame(rows, columns=columns).astype({"seeds": "Int64"})


def counts(path: Path) -> pd.DataFrame:
    """arch, task, quantity and count of every member.

    They are read where each network was trained for 12 epochs. Some records of 200 epochs have the
    counts of another network for one of the seeds, which the authors' code repairs since version 1.6.
    """
    rows = (row for record in records(path, COUNTED_EPOCHS) for row in _counts(record, path))
    return pd.DataFrame(rows, columns=["arch", "task", "quantity", "count"])


def records(path: Path, epochs: int) -> Iterator[Record]:
    """The records of all members, one after another, of the trainings of so many epochs.

    Raises ValueError for what is no such archive.
    """
    for name, member in members(path):
        if str(epochs) not in member:
            raise ValueError(f"{path}: {name} has no training of {epochs} epochs, but of {', '.join(member)}")
        yield member[str(epochs)]


def members(path: Path) -> Iterator[tuple[str, Mapping[str, Record]]]:
    """The name and the content of each member, one in memory at a time."""
    with archives.tar_of_bzip2(path, MEMBER) as entries:
        for name, opened in track(entries, f"reading {path.name}"):
            with opened() as file:
                yield name, pickles.read(file, f"{path}: {name}", SCALARS)


def require_all(texts: Collection[str], space: Space, path: Path) -> None:
    """Raises ValueError unless every architecture of the space is there."""
    found = set(texts)
    missing = [text for text in map(space.text, space.architectures()) if text not in found]
    if missing:
        raise ValueError(f"{path} lacks {len(missing)} of {space.size} architectures, such as {missing[0]}")


def _accuracies(record: Record, epochs: int, path: Path) -> Iterator[tuple[str, str, str, float, int]]:
    for (task, metric), (dataset, split) in SPLITS.items():
        key = f"{split}@{epochs - 1}"
        try:
            by_seed = [float(result["eval_acc1es"][key]) for result in _trainings(record, dataset)]
        except KeyError as error:
            raise ValueError(f"{path}: {record['arch_str']} lacks {error} of {dataset}") from error
        yield record["arch_str"], task, metric, sum(by_seed) / len(by_seed), len(by_seed)


def _counts(record: Record, path: Path) -> Iterator[tuple[str, str, str, int]]:
    for task in dict.fromkeys(task for task, _ in SPLITS):
        for quantity, key in QUANTITIES.items():
            found = {round(float(result[key]) * 1e6) for result in _trainings(record, task)}
            if len(found) != 1:
                raise ValueError(f"{path}: {record['arch_str']} has {quantity} {sorted(found)} on {task}")
            yield record["arch_str"], task, quantity, found.pop()


def _trainings(record: Record, dataset: str) -> list[Record]:
    return [record["all_results"][dataset, seed] for seed in record["dataset_seed"][dataset]]

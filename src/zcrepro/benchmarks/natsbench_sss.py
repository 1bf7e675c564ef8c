"""Read accuracies and counts of the size space of NATS-Bench (Dong et al., TPAMI 2021).

The official archive has validation and test accuracies of all 32,768 networks after 90 epochs on three tasks.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks import _nats
from zcrepro.benchmarks._base import parses, require_all, require_files
from zcrepro.spaces.natsbench_sss import SPACE

FILE = "official/nats-bench/NATS-sss-v1_0-50262-simple.tar"
SOURCE = "NATS-Bench sss v1.0"
EPOCHS = 90


class NATSBenchSSS:
    """Recipe for accuracies, parameters and flops of all architectures."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``. Raises ValueError if an architecture is missing."""
        require_files(files, [FILE], "natsbench_sss")
        return _accuracies(files[FILE])

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return counts, see ``_base.Counts``. Raises ValueError if an architecture is missing."""
        require_files(files, [FILE], "natsbench_sss")
        return _counts(files[FILE])


@parses
def _accuracies(path: Path) -> pd.DataFrame:
    return _complete(_nats.accuracies(path, EPOCHS))


@parses
def _counts(path: Path) -> pd.DataFrame:
    return _complete(_nats.counts(path))


def _complete(frame: pd.DataFrame) -> pd.DataFrame:
    require_all(frame["arch"].unique().tolist(), SPACE)
    return frame.assign(source=SOURCE, file=FILE)


RECIPE = NATSBenchSSS()

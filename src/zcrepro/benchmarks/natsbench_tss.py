"""Read accuracies of all NAS-Bench-201 networks after 200 epochs from the official NATS-Bench archive.

The topology space of NATS-Bench (Dong et al., TPAMI 2021) is NAS-Bench-201 with more seeds. There are
validation and test accuracies on three tasks, each a mean over one to three seeds.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks import _nats
from zcrepro.benchmarks._base import parses, require_all, require_files
from zcrepro.spaces.nasbench201 import SPACE

FILE = "official/nats-bench/NATS-tss-v1_0-3ffb9-simple.tar"
EPOCHS = 200


class NATSBenchTSS:
    """Recipe for accuracies of all architectures."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``. Raises ValueError if an architecture is missing."""
        require_files(files, [FILE], "natsbench_tss")
        return _accuracies(files[FILE])


@parses
def _accuracies(path: Path) -> pd.DataFrame:
    frame = _nats.accuracies(path, EPOCHS)
    require_all(frame["arch"].unique().tolist(), SPACE)
    return frame.assign(source="NATS-Bench tss v1.0", file=FILE)


RECIPE = NATSBenchTSS()

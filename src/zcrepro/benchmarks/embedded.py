"""Read accuracies of the embedded benchmark, which the project trained itself: means over the seeds."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import TRAINED, number, require_columns
from zcrepro.files import parquet
from zcrepro.files.errors import reads

RESTORE = "restore it from the repository"


class Embedded:
    """Recipe for accuracies of one embedded space."""

    remedy = RESTORE

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``. Each file is one task, with one row per training."""
        parts = [mean_over_seeds(path).assign(source="embedded", file=name) for name, path in files.items()]
        return pd.concat(parts, ignore_index=True)


@reads(RESTORE)
def mean_over_seeds(path: Path) -> pd.DataFrame:
    """Return arch, task, metric, accuracy and seeds.

    Raises ValueError if a seed of an architecture is repeated or has no accuracy.
    """
    trained = parquet.read(path)
    require_columns(trained, ["arch", "task", "seed", *TRAINED])
    for problem, rows in {
        "repeats a training": trained.duplicated(["arch", "task", "seed"]),
        "lacks an accuracy": trained[list(TRAINED)].isna().any(axis=1),
    }.items():
        if rows.any():
            row = trained[rows].iloc[0]
            raise ValueError(f"it {problem}: {row['arch']} on {row['task']}, seed {row['seed']}")
    trained = trained.assign(**{metric: trained[metric].map(number) for metric in TRAINED})
    by_metric = trained.sort_values("seed").melt(
        ["arch", "task", "seed"], list(TRAINED), var_name="metric", value_name="accuracy"
    )
    groups = by_metric.groupby(["arch", "task", "metric"], as_index=False)
    return groups.agg(accuracy=("accuracy", "mean"), seeds=("seed", "size"))


RECIPE = Embedded()

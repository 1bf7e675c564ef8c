"""Accuracies of the embedded benchmark, which the project trained itself: the mean over the seeds."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import METRICS, require_columns
from zcrepro.files import parquet


class Embedded:
    """Accuracies of one embedded space."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """See ``_base.Accuracies``. Each file, one a task, has a row for every training."""
        parts = [mean_over_seeds(path).assign(source="embedded", file=name) for name, path in files.items()]
        return pd.concat(parts, ignore_index=True)


def mean_over_seeds(path: Path) -> pd.DataFrame:
    """arch, task, metric, accuracy, seeds. Raises ValueError where a seed stands twice or holds NaN."""
    trained = parquet.read(path)
    require_columns(trained, ["arch", "task", "seed", *METRICS], path)
    for problem, rows in {
        "repeats a training": trained.duplicated(["arch", "task", "seed"]),
        "lacks an accuracy": trained[list(METRICS)].isna().any(axis=1),
    }.items():
        if rows.any():
            row = trained[rows].iloc[0]
            raise ValueError(f"{path} {problem}: {row['arch']} on {row['task']}, seed {row['seed']}")
    by_metric = trained.sort_values("seed").melt(
        ["arch", "task", "seed"], list(METRICS), var_name="metric", value_name="accuracy"
    )
    groups = by_metric.groupby(["arch", "task", "metric"], as_index=False)
    return groups.agg(accuracy=("accuracy", "mean"), seeds=("seed", "size"))


RECIPE = Embedded()

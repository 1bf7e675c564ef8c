"""Define the tidy tables that recipes return: accuracies, published proxy scores and counts."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

PROXIES = (
    "epe_nas",
    "fisher",
    "flops",
    "grad_norm",
    "grasp",
    "jacov",
    "l2_norm",
    "nwot",
    "params",
    "plain",
    "snip",
    "synflow",
    "zen",
)
"""The 13 proxies of NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022), by its names."""

FAILED = -1e8
"""Value that NAS-Bench-Suite-Zero writes for NaN and infinity. Its first run kept some infinities."""

METRICS = ("validation", "test")

ACCURACIES = pa.schema(
    [
        ("arch", pa.string()),
        ("graph", pa.string()),
        ("task", pa.string()),
        ("metric", pa.string()),  # one of METRICS
        ("accuracy", pa.float64()),  # percent, higher is better
        ("seeds", pa.int64()),  # number of trainings that the accuracy is the mean of; null if not published
        ("source", pa.string()),
    ]
)

RELEASED = pa.schema(
    [
        ("arch", pa.string()),
        ("graph", pa.string()),
        ("task", pa.string()),
        *((proxy, pa.float64()) for proxy in PROXIES),  # NaN if absent or failed
        ("source", pa.string()),
    ]
)


COUNTS = pa.schema(
    [
        ("arch", pa.string()),
        ("graph", pa.string()),
        ("task", pa.string()),
        ("quantity", pa.string()),  # params or flops
        ("count", pa.int64()),
        ("source", pa.string()),
    ]
)


class Accuracies(Protocol):
    """Recipe for accuracies."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return the columns of ``ACCURACIES`` except ``graph``, and ``file``, the data set of each row.

        ``files`` maps the names of the data sets to their paths. Raises ValueError if a data set is missing
        or does not have the expected format.
        """
        ...


class Released(Protocol):
    """Recipe for published scores. A recipe may be of several kinds."""

    def released(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return the columns of ``RELEASED`` except ``graph``, and ``file``, the data set of each row.

        Scores of different runs are different sources: an architecture has one row per source, and whoever
        reads the table selects one source per task. For ``files`` and errors see ``Accuracies.accuracies``.
        """
        ...


class Counts(Protocol):
    """Recipe for published counts, which verify that a space builds the benchmark's networks."""

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return the columns of ``COUNTS`` except ``graph``, and ``file``, the data set of each row.

        For ``files`` and errors see ``Accuracies.accuracies``.
        """
        ...


def require_files(files: Mapping[str, Path], names: Iterable[str], recipe: str) -> None:
    """Raise ValueError unless ``files`` are exactly the data sets that the recipe reads."""
    names = set(names)
    if set(files) != names:
        missing, unknown = sorted(names - set(files)), sorted(set(files) - names)
        raise ValueError(
            f"recipe {recipe} reads {sorted(names)}; missing: {missing}, not read by it: {unknown}; "
            "correct the files of this benchmark in the config"
        )


def require_columns(frame: pd.DataFrame, columns: Iterable[str], path: Path) -> None:
    """Raise ValueError, which names the missing columns, unless the table has all of ``columns``."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}"
        )


def without_failures(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores as float64, with NaN in place of the value for a failure and of infinities."""
    numbers = scores.astype("float64")
    return numbers.where(np.isfinite(numbers) & (numbers != FAILED))

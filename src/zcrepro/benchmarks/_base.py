"""What a recipe gives: the accuracies and the published proxy scores of a benchmark, as tidy tables."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from zcrepro.proxies.suite_zero import SUITE_ZERO

PROXIES = tuple(sorted(SUITE_ZERO))
"""The proxies with published scores, in the order of the columns of RELEASED."""

FAILED = -1e8
"""What NAS-Bench-Suite-Zero writes for NaN and infinity; its first run kept some infinities."""

METRICS = ("validation", "test")

ACCURACIES = pa.schema(
    [
        ("arch", pa.string()),
        ("graph", pa.string()),
        ("task", pa.string()),
        ("metric", pa.string()),  # one of METRICS
        ("accuracy", pa.float64()),  # percent, higher is better
        ("seeds", pa.int64()),  # the accuracy is a mean of so many trainings; null where the source is silent
        ("source", pa.string()),
    ]
)

RELEASED = pa.schema(
    [
        ("arch", pa.string()),
        ("graph", pa.string()),
        ("task", pa.string()),
        *((proxy, pa.float64()) for proxy in PROXIES),  # NaN where absent or failed
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
    """A recipe for accuracies."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """The columns of ``ACCURACIES`` without ``graph``, and ``file``: the data set name a row is from.

        ``files`` is keyed by the names of the data sets. Raises ValueError where one is missing or
        is not what its name promises.
        """
        ...


class Released(Protocol):
    """A recipe for published scores. A recipe is one of these kinds, or several."""

    def released(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """The columns of ``RELEASED`` without ``graph``, and ``file``, as for accuracies.

        Scores of different runs are different sources: an architecture has a row for each, and
        whoever reads the table takes one source for a task.
        """
        ...


class Counts(Protocol):
    """A recipe for published counts, which prove that a space builds the benchmark's networks."""

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """The columns of ``COUNTS`` without ``graph``, and ``file``, as for accuracies."""
        ...


def require_files(files: Mapping[str, Path], names: Iterable[str], recipe: str) -> None:
    """Raises ValueError unless ``files`` are exactly the data sets that a recipe reads."""
    names = set(names)
    if set(files) != names:
        missing, unknown = sorted(names - set(files)), sorted(set(files) - names)
        raise ValueError(
            f"recipe {recipe} reads {sorted(names)}; missing: {missing}, not read by it: {unknown}; "
            "correct the files of this benchmark in the config"
        )


def require_columns(frame: pd.DataFrame, columns: Iterable[str], path: Path) -> None:
    """Raises ValueError that names the columns a table lacks."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}"
        )


def without_failures(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores as float64, with NaN in place of the mark for a failure and of infinities."""
    numbers = scores.astype("float64")
    return numbers.where(np.isfinite(numbers) & (numbers != FAILED))

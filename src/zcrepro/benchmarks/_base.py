"""Define the tidy tables that recipes return: accuracies, published scores, counts, accuracies by epoch."""

from collections.abc import Collection, Iterable, Mapping
from math import isfinite
from numbers import Real
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from zcrepro.files.errors import FETCH_AGAIN, reads
from zcrepro.proxies.suite_zero import SUITE_ZERO
from zcrepro.spaces.base import Space

PROXIES = tuple(sorted(SUITE_ZERO))
"""The proxies with scores by NAS-Bench-Suite-Zero, in the order of their columns."""

FAILED = -1e8
"""Value that NAS-Bench-Suite-Zero writes for NaN and infinity. Its first run kept some infinities."""

TRAINED = ("validation", "test")
"""The two accuracies of a trained network."""

METRICS = (*TRAINED, "val_accuracy")
"""Every kind of accuracy. ``val_accuracy`` is what NASLib calls so, and is a test accuracy."""

ROUNDING = 0.01
"""Greatest distance from a whole number of a count that was written in millions."""

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


def released_schema(proxies: Iterable[str] = PROXIES) -> pa.Schema:
    """Return the schema of published scores: a column per proxy, NaN if absent or failed."""
    columns = [(proxy, pa.float64()) for proxy in proxies]
    texts = [(name, pa.string()) for name in ("arch", "graph", "task")]
    return pa.schema([*texts, *columns, ("source", pa.string())])


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

EPOCHS = pa.schema(
    [
        ("arch", pa.string()),
        ("graph", pa.string()),
        ("task", pa.string()),
        ("epoch", pa.int64()),  # epochs of the training
        ("accuracy", pa.float64()),  # percent, of the validation images
        ("seconds", pa.float64()),  # that the training took
        ("source", pa.string()),
    ]
)


parses = reads(FETCH_AGAIN)
"""Decorator of the functions with which recipes read one file: their errors name it and say what to do."""


class WrongFilesError(ValueError):
    """Error for files that are not those that a recipe reads. The configuration is wrong, not a file."""


class Accuracies(Protocol):
    """Recipe for accuracies.

    It may have the attributes ``not_percent``, the tasks whose accuracies are not percentages, and
    ``remedy``, what an error says to do about a damaged file. The default is to fetch it again.
    """

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return the columns of ``ACCURACIES`` except ``graph``, and ``file``, the data set of each row.

        ``files`` maps the names of the data sets to their paths. Raises WrongFilesError if a data set is
        missing, and ValueError, which names the path, if a file does not have the expected format.
        """
        ...


class Released(Protocol):
    """Recipe for published scores. A recipe may be of several kinds.

    It may have the attribute ``proxies``, the names of its scores. The default is PROXIES.
    """

    def released(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return the columns of ``released_schema`` except ``graph``, and ``file``, the data set of each row.

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


class Epochs(Protocol):
    """Recipe for accuracies that were published after several numbers of epochs."""

    def epochs(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return the columns of ``EPOCHS`` except ``graph``, and ``file``, the data set of each row.

        For ``files`` and errors see ``Accuracies.accuracies``.
        """
        ...


def require_files(files: Mapping[str, Path], names: Iterable[str], recipe: str) -> None:
    """Raise WrongFilesError unless ``files`` are exactly the data sets that the recipe reads."""
    names = set(names)
    if set(files) != names:
        missing, unknown = sorted(names - set(files)), sorted(set(files) - names)
        raise WrongFilesError(
            f"recipe {recipe} reads {sorted(names)}; missing: {missing}, not read by it: {unknown}; "
            "correct the files of this benchmark in the config"
        )


def require_columns(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise ValueError, which names the missing columns, unless the table has all of ``columns``."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(f"no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")


def require_all(texts: Collection[str], space: Space) -> None:
    """Raise ValueError, with an example, unless ``texts`` are all architectures of the space, once each."""
    found, known = set(texts), set(map(space.text, space.architectures()))
    if found != known or len(texts) != len(known):
        examples = [
            f"; {what}: {len(some)}, for example {min(some)}"
            for what, some in (("missing", known - found), ("unknown", found - known))
            if some
        ]
        raise ValueError(
            f"{len(texts)} rows, expected {len(known)} architectures once each{''.join(examples)}"
        )


def number(value: Any) -> float:
    """Return a finite number. Raises ValueError for anything else, such as NaN, a text or a boolean."""
    if isinstance(value, bool | np.bool) or not isinstance(value, Real) or not isfinite(value):
        raise ValueError(f"{value!r:.80} is not a finite number")
    return float(value)


def mean(values: Any) -> tuple[float, int]:
    """Return the mean of a list of numbers and their number. Raises ValueError if it is another value."""
    if not isinstance(values, list) or not values:
        raise ValueError(f"{values!r:.80} is not a list of numbers")
    return sum(map(number, values)) / len(values), len(values)


def count(value: Any) -> int:
    """Return a count. Raises ValueError unless the value is a positive whole number."""
    if not 0 < number(value) < 2**63 or value != round(value):
        raise ValueError(f"{value!r:.80} is not a positive whole number")
    return int(value)


def millions(value: Any) -> int:
    """Return the count that is written in millions. Raises ValueError if it is not a positive whole number.

    Six decimals are exact except for rounding, which may give a whole number and a little more or less.
    """
    units = number(value) * 1e6
    if abs(units - round(units)) > ROUNDING:
        raise ValueError(f"{value!r} million is not a whole number")
    return count(round(units))


def without_failures(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores as float64, with NaN in place of the value for a failure and of infinities."""
    numbers = scores.astype("float64")
    return numbers.where(np.isfinite(numbers) & (numbers != FAILED))

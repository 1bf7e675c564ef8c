"""Turn raw files into tidy Parquet: recipes read them, and every row is checked and gets its graph."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from zcrepro import provenance, registry, settings
from zcrepro.benchmarks._base import (
    ACCURACIES,
    COUNTS,
    EPOCHS,
    METRICS,
    PROXIES,
    WrongFilesError,
    released_schema,
)
from zcrepro.fetching import verified
from zcrepro.files import parquet
from zcrepro.files.errors import FETCH_AGAIN, broken, reading
from zcrepro.spaces.base import Space

BY_TASK_AND_METRIC = ["task", "metric", "arch"]
"""The key by which a table of accuracies is sorted."""

KEYS = {
    "accuracies": BY_TASK_AND_METRIC,
    "released": ["task", "arch", "source"],
    "counts": ["source", "task", "quantity", "arch"],
    "epochs": ["source", "task", "epoch", "arch"],
}
"""Columns whose values together occur once in a table."""


@dataclass(frozen=True)
class TidySettings:
    """A benchmark: its space, its recipes, and the data sets that each recipe reads.

    ``digests`` are the listed digests of the data sets that were fetched, by name.
    """

    space: str
    recipes: list[str]
    files: list[list[str]]
    digests: dict[str, str]


def accuracies(*, settings_file: Path, files: list[Path], output: Path) -> None:
    """Write the tidy table of a benchmark's accuracies.

    Parameters
    ----------
    settings_file
        JSON of TidySettings.
    files
        Paths of the data sets in the settings, recipe by recipe, in the same order.
    output
        Parquet: arch, graph, task, metric, accuracy in percent, seeds, source.
    """
    chosen = settings.load(settings_file, TidySettings)
    _write("accuracies", chosen, read_accuracies(chosen, files), output, ACCURACIES)


def read_accuracies(chosen: TidySettings, files: list[Path]) -> pd.DataFrame:
    """Return the table that ``accuracies`` writes. ``files`` are the paths of the data sets in ``chosen``."""
    frame = _read(chosen, "accuracies", files)
    return frame.sort_values(BY_TASK_AND_METRIC, ignore_index=True)[ACCURACIES.names]


def released(*, settings_file: Path, files: list[Path], output: Path) -> None:
    """Write the tidy table of a benchmark's published proxy scores.

    Parameters
    ----------
    settings_file
        JSON of TidySettings.
    files
        Paths of the data sets in the settings, recipe by recipe, in the same order.
    output
        Parquet: arch, graph, task, one column per proxy (NaN if absent or failed), source. An
        architecture has one row per source.
    """
    chosen = settings.load(settings_file, TidySettings)
    frame = _read(chosen, "released", files)
    recipes = [registry.get("recipes", name) for name in chosen.recipes]
    proxies = dict.fromkeys(proxy for recipe in recipes for proxy in getattr(recipe, "proxies", PROXIES))
    _write("released", chosen, frame, output, released_schema(proxies))


def counts(*, settings_file: Path, files: list[Path], output: Path) -> None:
    """Write the tidy table of a benchmark's published counts of parameters and multiply-adds.

    Parameters
    ----------
    settings_file
        JSON of TidySettings.
    files
        Paths of the data sets in the settings, recipe by recipe, in the same order.
    output
        Parquet: arch, graph, task, quantity (params or flops), count, source.
    """
    chosen = settings.load(settings_file, TidySettings)
    frame = _read(chosen, "counts", files)
    _write("counts", chosen, frame, output, COUNTS)


def epochs(*, settings_file: Path, files: list[Path], output: Path) -> None:
    """Write the tidy table of a benchmark's accuracies after several numbers of epochs.

    Parameters
    ----------
    settings_file
        JSON of TidySettings.
    files
        Paths of the data sets in the settings, recipe by recipe, in the same order.
    output
        Parquet: arch, graph, task, epoch, accuracy in percent, seconds, source.
    """
    chosen = settings.load(settings_file, TidySettings)
    _write("epochs", chosen, _read(chosen, "epochs", files), output, EPOCHS)


def _read(chosen: TidySettings, table: str, files: list[Path]) -> pd.DataFrame:
    """Return the rows of all recipes, with ``graph``. (Writing refuses a row that two recipes describe.)"""
    if len(files) != sum(map(len, chosen.files)) or len(chosen.recipes) != len(chosen.files):
        raise ValueError(f"{len(files)} files were given for the data sets {chosen.files}")
    for name, path in zip(chain.from_iterable(chosen.files), files, strict=True):
        if name in chosen.digests:
            verified.check(path, chosen.digests[name])
    paths, space = iter(files), registry.get("space", chosen.space)
    frames = [
        read_one(recipe, table, {name: next(paths) for name in names}, space)
        for recipe, names in zip(chosen.recipes, chosen.files, strict=True)
    ]
    return pd.concat(frames, ignore_index=True)


def read_one(name: str, table: str, files: Mapping[str, Path], space: Space) -> pd.DataFrame:
    """Return the rows of one recipe, with ``graph``.

    Raises ValueError if the recipe has no such table. Raises ValueError, which names the path and the remedy,
    if a file is damaged, the table is empty or repeats a row, or a value makes no sense.
    """
    recipe: Any = registry.get("recipes", name)
    if not hasattr(recipe, table):
        raise ValueError(f"recipe {name} has no {table}; name it under another table in the config")
    remedy = getattr(recipe, "remedy", FETCH_AGAIN)
    with _naming(files, remedy):
        frame: pd.DataFrame = getattr(recipe, table)(files)
        if frame.empty:
            raise ValueError(f"recipe {name} found no {table}")
    graphs: dict[str, str] = {}
    for file, rows in frame.groupby("file", sort=False):
        with reading(files[str(file)], remedy):
            _check_keys(rows, KEYS[table])
            if table == "epochs":
                check_accuracies(rows.assign(metric="validation"), frozenset())
            if table == "accuracies":
                check_accuracies(rows, getattr(recipe, "not_percent", frozenset()))
            _add_graphs(graphs, rows["arch"], space)
    return frame.assign(graph=frame["arch"].map(graphs))


@contextmanager
def _naming(files: Mapping[str, Path], remedy: str) -> Iterator[None]:
    """Turn an error in the block that names none of the files into one that names all of them."""
    try:
        yield
    except (MemoryError, WrongFilesError):
        raise
    except Exception as error:
        named = any(str(path) in str(error) for path in files.values())
        if named and isinstance(error, ValueError | OSError):
            raise
        raise broken(", ".join(map(str, files.values())), error, remedy) from error


def _check_keys(frame: pd.DataFrame, key: list[str]) -> None:
    """Raise ValueError if two rows have the same key."""
    repeated = frame[frame.duplicated(key)]
    if len(repeated):
        example = repeated.iloc[0][key].to_dict()
        raise ValueError(f"{len(repeated)} rows repeat the key, for example {example}")


def check_accuracies(frame: pd.DataFrame, not_percent: Collection[str]) -> None:
    """Raise ValueError for a NaN, an unknown metric, or a value outside 0 to 100 percent.

    Tasks in ``not_percent`` may have any finite value.
    """
    percent = ~frame["task"].isin(list(not_percent))
    bad = frame[~np.isfinite(frame["accuracy"]) | (percent & ~frame["accuracy"].between(0, 100))]
    if len(bad):
        row = bad.iloc[0]
        raise ValueError(
            f"{row['metric']} accuracy {row['accuracy']} of {row['arch']} on {row['task']} "
            f"is not a percentage from 0 to 100 ({len(bad)} such rows)"
        )
    unknown = sorted(set(frame["metric"]) - set(METRICS))
    if unknown:
        raise ValueError(f"unknown metric {', '.join(unknown)}; there are {', '.join(METRICS)}")


def _add_graphs(graphs: dict[str, str], texts: Iterable[str], space: Space) -> None:
    """Add the graph of every text that is new. Raises ValueError if a text is not in the space."""
    for text in texts:
        if text not in graphs:
            graphs[text] = space.canonical(space.parse(text))


def _write(stage: str, chosen: TidySettings, frame: pd.DataFrame, output: Path, schema: pa.Schema) -> None:
    metadata = provenance.metadata(stage, settings.as_mapping(chosen))
    parquet.write(output, frame, schema, KEYS[stage], metadata)

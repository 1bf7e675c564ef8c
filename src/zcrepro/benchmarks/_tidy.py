"""Raw files to tidy Parquet: a recipe reads them; here every row is checked and gets its graph."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from zcrepro import provenance, registry, settings, storage
from zcrepro.benchmarks._base import ACCURACIES, METRICS, RELEASED
from zcrepro.spaces._base import Space


@dataclass(frozen=True)
class TidySettings:
    """A benchmark: its recipe, its space, and the data sets that the recipe reads."""

    recipe: str
    space: str
    files: list[str]


def accuracies(*, settings_file: Path, files: list[Path], output: Path) -> None:
    """Make the tidy table of a benchmark's accuracies.

    Parameters
    ----------
    settings_file
        JSON of TidySettings.
    files
        Where the data sets lie that the settings name, in the same order.
    output
        Parquet: arch, graph, task, metric, accuracy in percent, seeds, source.
    """
    chosen = settings.load(settings_file, TidySettings)
    frame = _read(chosen, "accuracies", files)
    _check_accuracies(frame)
    _write("accuracies", chosen, frame, output, ACCURACIES, ["task", "metric", "arch"])


def released(*, settings_file: Path, files: list[Path], output: Path) -> None:
    """Make the tidy table of a benchmark's published proxy scores.

    Parameters
    ----------
    settings_file
        JSON of TidySettings.
    files
        Where the data sets lie that the settings name, in the same order.
    output
        Parquet: arch, graph, task, one column a proxy (NaN where absent or failed), source.
    """
    chosen = settings.load(settings_file, TidySettings)
    frame = _read(chosen, "released", files)
    _write("released", chosen, frame, output, RELEASED, ["task", "arch"])


def _read(chosen: TidySettings, table: str, files: list[Path]) -> pd.DataFrame:
    if len(files) != len(chosen.files) or len(set(chosen.files)) != len(chosen.files):
        raise ValueError(f"{len(files)} files were given for the data sets {chosen.files}")
    recipe: Any = registry.get("recipe", chosen.recipe)
    if not hasattr(recipe, table):
        raise ValueError(f"recipe {chosen.recipe} has no {table}; name it under another stage in the config")
    frame: pd.DataFrame = getattr(recipe, table)(dict(zip(chosen.files, files, strict=True)))
    if frame.empty:
        raise ValueError(f"recipe {chosen.recipe} found no {table} in {', '.join(map(str, files))}")
    space: Space = registry.get("space", chosen.space)
    graphs = _graphs(space, zip(frame["arch"], frame["file"], strict=True))
    return frame.assign(graph=frame["arch"].map(graphs))


def _graphs(space: Space, rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The graph of every text, each computed once. Raises ValueError for one that is not of the space."""
    graphs: dict[str, str] = {}
    for text, file in rows:
        if text not in graphs:
            try:
                graphs[text] = space.canonical(space.parse(text))
            except ValueError as error:
                raise ValueError(f"{file}: {error}") from error
    return graphs


def _check_accuracies(frame: pd.DataFrame) -> None:
    bad = frame[~frame["accuracy"].between(0, 100)]  # NaN is not between
    if len(bad):
        row = bad.iloc[0]
        raise ValueError(
            f"{row['file']}: {row['metric']} accuracy {row['accuracy']} of {row['arch']} on {row['task']} "
            f"is no percentage from 0 to 100 ({len(bad)} such rows)"
        )
    unknown = sorted(set(frame["metric"]) - set(METRICS))
    if unknown:
        raise ValueError(f"unknown metric {', '.join(unknown)}; there are {', '.join(METRICS)}")


def _write(
    stage: str, chosen: TidySettings, frame: pd.DataFrame, output: Path, schema: pa.Schema, key: list[str]
) -> None:
    metadata = provenance.metadata(stage, settings.as_mapping(chosen))
    storage.write_parquet(output, frame, schema, key, metadata)

"""Look up what is known of a problem: accuracies and scores, tracked in the repository or made by a run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path

import pandas as pd

from zcrepro import checkout, registry
from zcrepro.benchmarks.tidy import TidySettings, read_accuracies
from zcrepro.files import parquet
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import SOURCES
from zcrepro.proxies.feature_table import AS, KEY, NOT_COMPUTED, feature_schema, proxies_in
from zcrepro.settings import unknown_name
from zcrepro.spaces.base import Space


class NotInReachError(ValueError):
    """Error for a table that neither the repository nor the run has. The message says what makes it."""


def accuracies(space: str, task: str, results: Path | str | None = None) -> pd.DataFrame:
    """Return the accuracies of the trained architectures of a space on one task.

    Without ``results``, these are the accuracies of the embedded benchmark, which come with the package.
    Those of other spaces are made by a run of the workflow.

    Parameters
    ----------
    space
        Name of the search space (see ``zcrepro.list_spaces()``).
    task
        Name of the task.
    results
        The folder of a run, for example ``results/paper``.

    Returns
    -------
    pandas.DataFrame
        One row per architecture and metric, sorted by metric and architecture: ``arch``, the text of the
        architecture; ``graph``, which is equal for equal graphs; ``task``; ``metric``: ``validation``,
        ``test`` or, of NAS-Bench-201, NASLib's ``val_accuracy``; ``accuracy``, in percent unless the
        benchmark measures otherwise, higher is better; ``seeds``, the number of trainings that it is the
        mean of, NaN if not published; and ``source``.

    Raises
    ------
    ValueError
        If there is no such space or task, or if the accuracies are not there. The message names the command
        that makes them.
    """
    problem = _problem(space, task)
    if results is not None:
        return _rows_of_task(problem, _of_run(problem, Path(results), f"accuracies/{space}.parquet"))
    path = checkout.path("resources/embedded") / f"{space}-{task}.parquet"
    if not path.is_file():
        raise NotInReachError(_untracked(problem, "accuracies", f"accuracies/{space}.parquet"))
    return read_accuracies(TidySettings(space, ["embedded"], [[path.name]], {}), [path])


def scores(
    space: str, task: str, results: Path | str | None = None, source: str = "features"
) -> pd.DataFrame:
    """Return the proxy scores of architectures of a space on one task.

    Without ``results``, these are the scores of long runs that come with the package. Others, and those that
    were published, are made by a run of the workflow.

    Parameters
    ----------
    space
        Name of the search space (see ``zcrepro.list_spaces()``).
    task
        Name of the task.
    results
        The folder of a run, for example ``results/paper``.
    source
        ``features`` (computed by the project) or ``released`` (published by others).

    Returns
    -------
    pandas.DataFrame
        Of ``features``, one row per architecture and draw of the weights: ``arch``, the text of the
        architecture; ``graph``, which is equal for equal graphs; ``draw``; one column per proxy with its
        score in the units of the proxy, or NaN if it is undefined; and one column ``<proxy>_status``,
        which is ``ok`` or the reason for NaN. Of ``released``, one row per architecture and publication:
        ``arch``; ``graph``; ``task``; one column per proxy; and ``source``, the publication. There,
        ``synflow`` is its natural logarithm, and ``params`` and ``flops`` are in millions. Whether a higher
        score is better depends on the proxy: see ``zcrepro.list_proxies()[name].direction``.

    Raises
    ------
    ValueError
        If there is no such space, task or source, or if the scores are not there. The message names the
        command that makes them.
    """
    problem = _problem(space, task)
    if source not in SOURCES:
        raise ValueError(unknown_name("source of scores", source, SOURCES))
    table = f"features/{problem}.parquet" if source == "features" else f"released/{space}.parquet"
    if results is not None:
        path = _of_run(problem, Path(results), table)
        return parquet.read(path) if source == "features" else _rows_of_task(problem, path)
    shards = sorted((checkout.path("resources/released") / space / task).glob("*.parquet"))
    if source == "released" or not shards:
        what = "published scores" if source == "released" else "scores"
        raise NotInReachError(_untracked(problem, what, table))
    return _joined(shards)


def _problem(space: str, task: str) -> Problem:
    """Return the problem. Raises ValueError that names the nearest space or task if there is none."""
    known: Space = registry.get("space", space)
    if task not in known.tasks:
        raise ValueError(unknown_name(f"task of {space}", task, known.tasks))
    return Problem(space, task)


def _of_run(problem: Problem, results: Path, table: str) -> Path:
    """Return the path of a table of a run. Raises NotInReachError if it is not there."""
    path = results / table
    if not path.is_file():
        raise NotInReachError(
            f"there is no {path}; if the configuration of that run has {problem.space}, "
            f"`snakemake --cores 1 {path} --configfile FILE` makes it"
        )
    return path


def _untracked(problem: Problem, what: str, table: str) -> str:
    """Return the message for a table that only a run has."""
    run, config = ("quickstart", "quickstart") if problem.is_embedded else ("paper", "config")
    return (
        f"the repository contains no {what} of {problem}; if config/{config}.yaml has {problem.space}, "
        f"`snakemake --cores 1 results/{run}/{table} --configfile config/{config}.yaml` in a clone of it "
        f"makes them, for results='results/{run}'"
    )


def _rows_of_task(problem: Problem, path: Path) -> pd.DataFrame:
    table = parquet.read(path)
    rows = table[table["task"] == problem.task].reset_index(drop=True)
    if rows.empty:
        found = ", ".join(sorted(set(table["task"])))
        raise NotInReachError(f"{path} has no rows of the task {problem.task!r}; it has those of {found}")
    return rows


def _joined(shards: Sequence[Path]) -> pd.DataFrame:
    """Return the features in shards of several passes, sorted by draw and architecture.

    A score that stands in the row of an equal network is copied from there. The shards of a pass may hold
    fewer architectures than those of another.
    """
    frames = [_resolved(parquet.read(shard)) for shard in shards]
    frame = reduce(lambda left, right: left.merge(right, on=[*KEY, "graph"], how="outer"), frames)
    names = proxies_in(frame.columns)
    statuses = [f"{name}_status" for name in names]
    frame[statuses] = frame[statuses].fillna(NOT_COMPUTED).astype("category")
    return frame.sort_values(KEY, ignore_index=True)[feature_schema(names).names]


def _resolved(frame: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame`` with the score and status of another row instead of each status ``as <arch>``."""
    by_key = frame.set_index(KEY)
    for name in proxies_in(frame.columns):
        columns = [name, f"{name}_status"]
        frame[columns] = frame[columns].astype({columns[1]: object})
        elsewhere = frame[columns[1]].str.startswith(AS)
        texts = frame.loc[elsewhere, columns[1]].str.removeprefix(AS)
        rows = pd.MultiIndex.from_arrays([frame.loc[elsewhere, "draw"], texts], names=KEY)
        frame.loc[elsewhere, columns] = by_key.loc[rows, columns].to_numpy()
    return frame

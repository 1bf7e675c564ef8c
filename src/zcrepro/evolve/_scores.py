"""The rows of one problem, scores joined with accuracies, and their split by graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from zcrepro import seeds, storage
from zcrepro.evolve._units import to_released_units
from zcrepro.features import computed
from zcrepro.released import of_one_source
from zcrepro.settings import unknown_name

SOURCES = ("released", "features")

CHOOSING = ("validation", "test")  # the accuracy that chooses: the first of these that there is
REPORTING = ("test", "validation")  # the accuracy that reports


@dataclass(frozen=True)
class Scores:
    """The architectures of one problem that have an accuracy and every score asked for.

    ``columns`` holds float64 scores in released units, ``accuracy`` the ``metric`` (higher is
    better); all arrays are in the order of ``arch``, which is sorted. ``left_out`` holds the
    architectures that were dropped because a score is undefined, and their graphs.
    """

    problem: str
    metric: str
    arch: np.ndarray
    graph: np.ndarray
    columns: Mapping[str, np.ndarray]
    accuracy: np.ndarray
    left_out: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.arch)

    def where(self, mask: np.ndarray) -> "Scores":
        """The rows where ``mask`` holds."""
        columns = {name: values[mask] for name, values in self.columns.items()}
        rows = self.arch[mask], self.graph[mask], columns, self.accuracy[mask]
        return Scores(self.problem, self.metric, *rows, self.left_out)


@dataclass(frozen=True)
class Split:
    """Which graphs a formula was, or may have been, evolved on: for each space, those drawn up to a cutoff.

    Every graph has a draw of its own, a function of (seed, space, graph) alone. So every repeat,
    every task of a space and every stage agree on the split, whichever rows their files hold, and
    a file needs to record no more than the cutoffs.
    """

    seed: int
    cutoffs: Mapping[str, int]

    def held_out(self, problem: str, graphs: np.ndarray) -> np.ndarray:
        """True for graphs never trained on, in no task of the problem's space."""
        space = space_of(problem)
        if space not in self.cutoffs:
            return np.ones(len(graphs), np.bool_)
        return _draws(self.seed, space, graphs) > self.cutoffs[space]

    def as_json(self) -> dict[str, Any]:
        """Plain values; the cutoffs in hexadecimal, since many readers of JSON round large integers."""
        return {"seed": self.seed, "cutoffs": {space: f"{cut:016x}" for space, cut in self.cutoffs.items()}}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Split":
        return cls(found["seed"], {space: int(cut, 16) for space, cut in found["cutoffs"].items()})


def read(
    problem: str,
    accuracies: Path,
    scores: Path,
    names: Sequence[str],
    *,
    source: str,
    metrics: Sequence[str],
    max_undefined_share: float,
) -> Scores:
    """The rows of ``problem`` ("space/task") with all scores called ``names`` defined.

    ``scores`` is a table of ``source`` "released" or "features"; ``metrics`` are kinds of
    accuracy, the first that the benchmark has is taken. Raises ValueError when a score or the
    task is missing, when no architecture is in both files, or when more than
    ``max_undefined_share`` of those that are have an undefined score.
    """
    if source not in SOURCES:
        raise ValueError(unknown_name("source of scores", source, SOURCES))
    metric, known = _accuracies(problem, accuracies, metrics)
    scored = read_scores(problem, scores, names, source)
    rows = known.merge(scored, on="arch").sort_values("arch", ignore_index=True)
    if rows.empty:
        raise ValueError(
            f"{problem}: none of the {len(scored)} architectures in {scores} is among the {len(known)} "
            f"in {accuracies}; are they of the same space?"
        )
    defined = np.isfinite(rows[list(names)].to_numpy(np.float64)).all(axis=1)
    _check_undefined(problem, scores, rows[list(names)], defined, max_undefined_share)
    kept = rows[defined]
    return Scores(
        problem,
        metric,
        kept["arch"].to_numpy(object),
        kept["graph"].to_numpy(object),
        {name: kept[name].to_numpy(np.float64) for name in names},
        kept["accuracy"].to_numpy(np.float64),
        dict(zip(rows.loc[~defined, "arch"], rows.loc[~defined, "graph"], strict=True)),
    )


def in_common(draws: Sequence[Scores]) -> list[Scores]:
    """Several draws of a problem's scores, of the architectures that all of them have.

    What one draw leaves undefined is left out of all. What one draw did not compute is not counted.
    """
    defined = set(draws[0].arch).intersection(*(draw.arch for draw in draws[1:]))
    computed_in_all = set.intersection(*({*draw.arch, *draw.left_out} for draw in draws))
    graphs = {arch: graph for draw in draws for arch, graph in zip(draw.arch, draw.graph, strict=True)}
    for draw in draws:
        graphs |= draw.left_out
    left_out = {arch: graphs[arch] for arch in sorted(computed_in_all - defined)}
    kept = [draw.where(np.array([arch in defined for arch in draw.arch], np.bool_)) for draw in draws]
    return [replace(draw, left_out=left_out) for draw in kept]


def score_names(scores: Path) -> list[str]:
    """The proxies that a table of scores has a column for."""
    return [field.name for field in pq.read_schema(scores) if str(field.type) == "double"]


def offered(problem: str, scores: Path, wanted: Sequence[str]) -> list[str]:
    """Those of the ``wanted`` proxies that the source with most of them has for ``problem``."""
    columns = set(score_names(scores))
    names = [name for name in wanted if name in columns]
    return _with_values(of_one_source(_rows_of(problem, scores), names), names)


def draw(problems: Sequence[Scores], architectures: int, seed: int) -> tuple[list[Scores], Split]:
    """For each problem ``architectures`` to train on, each of another graph, and the split that they make.

    Graphs are drawn, never strings, and of each graph one architecture: copies would only weigh
    it. The tasks of a space share their draws, since a network's accuracies on them are alike.
    Raises ValueError when a problem has too few graphs.
    """
    cutoffs: dict[str, int] = {}
    training = []
    for problem in problems:
        space = space_of(problem.problem)
        draws = _draws(seed, space, problem.graph)
        # Rows are sorted by architecture, so the first of equal draws is the same in every order of rows.
        distinct, first = np.unique(draws, return_index=True)
        if len(distinct) < architectures + 2:
            raise ValueError(
                f"{problem.problem}: {architectures} architectures to train on and some to hold out were "
                f"asked for, but only {len(distinct)} graphs have all scores; lower `architectures`"
            )
        cutoffs[space] = max(cutoffs.get(space, 0), int(distinct[architectures - 1]))
        training.append(problem.where(np.sort(first[:architectures])))
    return training, Split(seed, cutoffs)


def defined(values: np.ndarray, accuracy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs whose value is not NaN."""
    kept = ~np.isnan(values)
    return values[kept], accuracy[kept]


def space_of(problem: str) -> str:
    """The space of a problem. Raises ValueError for text that is not ``space/task``."""
    return _parts(problem)[0]


def check_parallel(
    problems: Sequence[str], accuracies: Sequence[Path], scores: Sequence[Path], draws: int = 1
) -> None:
    """Raises ValueError unless there is a file of accuracies and ``draws`` of scores for every problem."""
    if len(accuracies) != len(problems) or len(scores) != draws * len(problems):
        raise ValueError(
            f"{len(problems)} problems need a file of accuracies and {draws} of scores each, in their order, "
            f"not {len(accuracies)} of accuracies and {len(scores)} of scores"
        )


def _parts(problem: str) -> tuple[str, str]:
    space, slash, task = problem.partition("/")
    if not (space and slash and task):
        raise ValueError(f"a problem is written space/task, not {problem!r}")
    return space, task


def _draws(seed: int, space: str, graphs: np.ndarray) -> np.ndarray:
    """One integer a graph, of which only (seed, space, graph) decides."""
    return np.array([seeds.derive(seed, "split", space, graph) for graph in graphs], np.int64)


def _accuracies(problem: str, path: Path, metrics: Sequence[str]) -> tuple[str, pd.DataFrame]:
    """The kind of accuracy and a frame of arch, graph, accuracy."""
    _, task = _parts(problem)
    table = storage.read_parquet(path, ["arch", "graph", "task", "metric", "accuracy"])
    table = table[(table["task"] == task) & table["accuracy"].notna()]
    for metric in metrics:
        rows = table[table["metric"] == metric]
        if not rows.empty:
            return metric, _unique(rows[["arch", "graph", "accuracy"]], path, problem)
    raise ValueError(f"{path} has no {' or '.join(metrics)} accuracy for the task {task!r} of {problem}")


def read_scores(problem: str, path: Path, names: Sequence[str], source: str) -> pd.DataFrame:
    """A frame of arch and the scores called ``names``, in released units."""
    rows = _rows_of(problem, path)
    rows = of_one_source(rows, [name for name in names if name in rows])
    known = _with_values(rows, score_names(path))
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(
            f"{path} has no score {', '.join(missing)} for {problem}; it has {', '.join(sorted(known))}"
        )
    table = computed(rows, names)[["arch", *names]]
    if source == "features":
        table = table.assign(**{name: to_released_units(name, table[name].to_numpy()) for name in names})
    return _unique(table, path, problem)


def _rows_of(problem: str, path: Path) -> pd.DataFrame:
    """The rows of a table of scores that are of ``problem``; a file of features is of one task."""
    table = storage.read_parquet(path)
    return table[table["task"] == _parts(problem)[1]] if "task" in table else table


def _with_values(rows: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """A proxy without any value is one that the source does not have."""
    return [name for name in names if rows[name].notna().any()]


def _unique(table: pd.DataFrame, path: Path, problem: str) -> pd.DataFrame:
    repeated = table["arch"].duplicated()
    if repeated.any():
        example = table.loc[repeated, "arch"].iloc[0]
        raise ValueError(
            f"{path}: {int(repeated.sum())} architectures of {problem} stand there twice, as {example!r}"
        )
    return table


def _check_undefined(
    problem: str, path: Path, columns: pd.DataFrame, defined: np.ndarray, max_share: float
) -> None:
    undefined = len(defined) - int(defined.sum())
    if undefined > max_share * len(defined):
        counts = (~np.isfinite(columns.to_numpy(np.float64))).sum(axis=0)
        each = ", ".join(f"{name} {count}" for name, count in zip(columns, counts, strict=True) if count)
        raise ValueError(
            f"{path}: {undefined} of {len(defined)} architectures of {problem} have an undefined score "
            f"({each}), more than the share max_undefined_share = {max_share:g} allows"
        )

"""Join the scores of one problem with its accuracies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from zcrepro.problems.accuracies import read_accuracies
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import read_draws as scores_of_draws
from zcrepro.problems.scores import read_scores

EXAMPLES = 3
"""How many architectures an error about undefined scores names."""


@dataclass(frozen=True)
class Rows:
    """The architectures of one problem that have an accuracy and all requested scores.

    Attributes
    ----------
    problem
        The space and the task.
    metric
        The kind of accuracy, ``validation`` or ``test``.
    arch, graph
        Texts of the architectures, sorted, and the key of the class of equal graphs of each, (n,).
    columns
        Scores in the units of NAS-Bench-Suite-Zero, float64, (n,), by proxy.
    accuracy
        In percent, higher is better, (n,).
    left_out
        The graphs of the architectures that were dropped because a score is undefined, by architecture.
    """

    problem: Problem
    metric: str
    arch: np.ndarray
    graph: np.ndarray
    columns: Mapping[str, np.ndarray]
    accuracy: np.ndarray
    left_out: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.arch)

    def where(self, mask: np.ndarray) -> Rows:
        """Return the rows that a boolean mask selects, or those at the given indices."""
        return replace(
            self,
            arch=self.arch[mask],
            graph=self.graph[mask],
            columns={name: values[mask] for name, values in self.columns.items()},
            accuracy=self.accuracy[mask],
        )


def read(
    problem: Problem,
    accuracies: Path,
    scores: Path,
    names: Sequence[str],
    *,
    source: str,
    metrics: Sequence[str],
    max_undefined_share: float,
) -> Rows:
    """Return the rows of ``problem`` in which all scores called ``names`` of the first draw are defined.

    Parameters
    ----------
    problem
        The space and the task.
    accuracies, scores
        Parquet tables of accuracies and of scores.
    names
        The proxies.
    source
        The kind of the table of scores, ``released`` or ``features``.
    metrics
        CHOOSING or REPORTING of ``zcrepro.problems.accuracies``.
    max_undefined_share
        The largest share of rows with an undefined score that is accepted, in [0, 1].

    Raises
    ------
    ValueError
        If a score or the task is missing, if no architecture is in both tables, or if too many scores are
        undefined.
    """
    metric, known = read_accuracies(problem, accuracies, metrics)
    scored = read_scores(problem, scores, names, source)
    return _joined(problem, metric, known, scored, names, scores, max_undefined_share)


def read_draws(
    problem: Problem,
    accuracies: Path,
    scores: Path,
    names: Sequence[str],
    *,
    source: str,
    metrics: Sequence[str],
    max_undefined_share: float,
) -> list[Rows]:
    """Return the same as ``read`` for every draw of the scores, of the architectures that all draws have.

    An architecture with an undefined score in one draw is left out of all, and listed in ``left_out``. One
    that a draw did not compute is dropped, but not listed.
    """
    metric, known = read_accuracies(problem, accuracies, metrics)
    return _in_common(
        [
            _joined(problem, metric, known, scored, names, scores, max_undefined_share)
            for scored in scores_of_draws(problem, scores, names, source)
        ]
    )


def defined(values: np.ndarray, accuracy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of value and accuracy whose value is not NaN."""
    kept = ~np.isnan(values)
    return values[kept], accuracy[kept]


def check_parallel(problems: Sequence[Problem], accuracies: Sequence[Path], scores: Sequence[Path]) -> None:
    """Raise ValueError unless there is a file of accuracies and one of scores for every problem."""
    if not len(problems) == len(accuracies) == len(scores):
        raise ValueError(
            f"{len(problems)} problems need a file of accuracies and one of scores each, in their order, not "
            f"{len(accuracies)} of accuracies and {len(scores)} of scores"
        )


def _joined(
    problem: Problem,
    metric: str,
    known: pd.DataFrame,
    scored: pd.DataFrame,
    names: Sequence[str],
    path: Path,
    max_undefined_share: float,
) -> Rows:
    rows = known.merge(scored, on="arch").sort_values("arch", ignore_index=True)
    if rows.empty:
        raise ValueError(
            f"{problem}: none of the {len(scored)} architectures in {path} is among the {len(known)} that "
            "have an accuracy; are they of the same space?"
        )
    is_defined = np.isfinite(rows[list(names)].to_numpy(np.float64)).all(axis=1)
    _check_undefined(problem, path, rows.set_index("arch")[list(names)], is_defined, max_undefined_share)
    kept = rows[is_defined]
    return Rows(
        problem,
        metric,
        kept["arch"].to_numpy(object),
        kept["graph"].to_numpy(object),
        {name: kept[name].to_numpy(np.float64) for name in names},
        kept["accuracy"].to_numpy(np.float64),
        dict(zip(rows.loc[~is_defined, "arch"], rows.loc[~is_defined, "graph"], strict=True)),
    )


def _in_common(draws: Sequence[Rows]) -> list[Rows]:
    defined_in_all = set(draws[0].arch).intersection(*(draw.arch for draw in draws[1:]))
    computed_in_all = set.intersection(*({*draw.arch, *draw.left_out} for draw in draws))
    graphs = {arch: graph for draw in draws for arch, graph in zip(draw.arch, draw.graph, strict=True)}
    for draw in draws:
        graphs |= draw.left_out
    left_out = {arch: graphs[arch] for arch in sorted(computed_in_all - defined_in_all)}
    kept = [draw.where(np.array([arch in defined_in_all for arch in draw.arch], np.bool_)) for draw in draws]
    return [replace(draw, left_out=left_out) for draw in kept]


def _check_undefined(
    problem: Problem, path: Path, columns: pd.DataFrame, defined: np.ndarray, max_share: float
) -> None:
    undefined = len(defined) - int(defined.sum())
    if undefined > max_share * len(defined):
        counts = (~np.isfinite(columns.to_numpy(np.float64))).sum(axis=0)
        each = ", ".join(f"{name} {count}" for name, count in zip(columns, counts, strict=True) if count)
        some = ", ".join(repr(arch) for arch in columns.index[~defined][:EXAMPLES])
        raise ValueError(
            f"{path}: {undefined} of {len(defined)} architectures of {problem} have an undefined score "
            f"({each}), such as {some}: more than the share max_undefined_share = {max_share:g} allows"
        )

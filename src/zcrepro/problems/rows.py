"""Join the scores of one problem with its accuracies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from zcrepro.files import parquet
from zcrepro.problems.accuracies import read_accuracies
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import FEATURES, FIRST, STRUCTURE, ScoreTable, offered
from zcrepro.problems.scores import read_draws as scores_of_draws
from zcrepro.spaces.structural_counts import COUNTS_OF

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
    sources
        The kind of the table that each score is from, by proxy (see ``zcrepro.problems.scores``).
    """

    problem: Problem
    metric: str
    arch: np.ndarray
    graph: np.ndarray
    columns: Mapping[str, np.ndarray]
    accuracy: np.ndarray
    left_out: Mapping[str, str]
    sources: Mapping[str, str] = field(default_factory=dict)

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


@dataclass(frozen=True)
class Files:
    """The files that hold what is known of a problem.

    Attributes
    ----------
    accuracies
        Parquet table of accuracies.
    scores
        Parquet tables of scores, of which the first that offers a proxy is read. The rows of a problem are
        those of the first table.
    scored_as
        The problem whose scores are read: another task of the space, if the scores do not depend on the
        task. By default, it is the problem itself.
    """

    accuracies: Path
    scores: Sequence[ScoreTable]
    scored_as: Problem | None = None

    @property
    def counts_of(self) -> str:
        """What the structural counts count, ``operations`` or ``modules``; empty if there are none."""
        tables = [table for table in self.scores if table.kind == STRUCTURE]
        return parquet.metadata(tables[0].path).get(COUNTS_OF, "") if tables else ""

    def offered(self, problem: Problem, names: Sequence[str], max_undefined_share: float) -> list[str]:
        """Return those of the proxies ``names`` that the tables of scores offer, in their order."""
        found = offered(self.scored_as or problem, self.scores, names, max_undefined_share)
        return [name for name in names if name in found]


def completing(problems: Sequence[str], computed: Sequence[Path]) -> dict[str, Path]:
    """Return the features of our own by problem. Raises ValueError unless there is one file per problem."""
    if len(problems) != len(computed):
        raise ValueError(
            f"{len(computed)} files of features cannot complete the {len(problems)} problems "
            f"{', '.join(problems)}: give --computed one file for each, in their order"
        )
    return dict(zip(problems, computed, strict=True))


def files_of(
    scored_as: Sequence[str],
    accuracies: Sequence[Path],
    scores: Sequence[Path],
    structure: Sequence[Path],
    *,
    source: str,
    completed: Mapping[str, Path],
) -> list[Files]:
    """Return the files of several problems.

    Parameters
    ----------
    scored_as
        The problem whose scores are read for each problem, as ``space/task``.
    accuracies, scores, structure
        One table per problem, in the same order.
    source
        The kind of the tables of scores, ``released`` or ``features``.
    completed
        Features of our own, by problem, for what the tables of scores lack.

    Raises
    ------
    ValueError
        If the numbers of files differ.
    """
    if not len(scored_as) == len(accuracies) == len(scores) == len(structure):
        raise ValueError(
            f"{len(scored_as)} problems need a file of accuracies, one of scores and one of structural "
            f"counts each, in their order, not {len(accuracies)}, {len(scores)} and {len(structure)}"
        )
    found = []
    for text, known, scored, counted in zip(scored_as, accuracies, scores, structure, strict=True):
        tables = [ScoreTable(scored, source)]
        if text in completed:
            tables.append(ScoreTable(completed[text], FEATURES))
        found.append(Files(known, [*tables, ScoreTable(counted, STRUCTURE)], Problem.parse(text)))
    return found


def read(
    problem: Problem,
    files: Files,
    names: Sequence[str],
    *,
    metrics: Sequence[str],
    max_undefined_share: float,
) -> Rows:
    """Return the rows of ``problem`` in which all scores called ``names`` of the first draw are defined.

    Parameters
    ----------
    problem
        The space and the task.
    files
        Where its accuracies and scores are.
    names
        The proxies.
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
    return _read(problem, files, names, metrics, max_undefined_share, FIRST)[0]


def read_draws(
    problem: Problem,
    files: Files,
    names: Sequence[str],
    *,
    metrics: Sequence[str],
    max_undefined_share: float,
) -> list[Rows]:
    """Return the same as ``read`` for every draw of the scores, of the architectures that all draws have.

    An architecture with an undefined score in one draw is left out of all, and listed in ``left_out``. One
    that a draw did not compute is dropped, but not listed.
    """
    return _in_common(_read(problem, files, names, metrics, max_undefined_share))


def _read(
    problem: Problem,
    files: Files,
    names: Sequence[str],
    metrics: Sequence[str],
    max_undefined_share: float,
    draws: Sequence[int] | None = None,
) -> list[Rows]:
    scored_as = files.scored_as or problem
    metric, known = read_accuracies(problem, files.accuracies, metrics)
    tables = offered(scored_as, files.scores, names, max_undefined_share)
    sources = {name: table.kind for name, table in tables.items()}
    return [
        _joined(problem, metric, known, scored, names, sources, files.scores[0].path, max_undefined_share)
        for scored in scores_of_draws(scored_as, files.scores, names, max_undefined_share, draws)
    ]


def defined(values: np.ndarray, accuracy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of value and accuracy whose value is not NaN."""
    kept = ~np.isnan(values)
    return values[kept], accuracy[kept]


def _joined(
    problem: Problem,
    metric: str,
    known: pd.DataFrame,
    scored: pd.DataFrame,
    names: Sequence[str],
    sources: Mapping[str, str],
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
        sources,
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

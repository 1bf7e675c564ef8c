"""Read the scores of a problem from a table of published scores or of features.

A table of published scores may hold several runs of its authors. They are not mixed: one source is read.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from zcrepro.files import parquet
from zcrepro.problems.accuracies import unique
from zcrepro.problems.problem import Problem
from zcrepro.problems.units import to_released_units
from zcrepro.proxies.feature_table import PROBLEM, computed
from zcrepro.settings import unknown_name

SOURCES = ("released", "features")
"""The kinds of tables of scores: published by others, or computed by the project."""


def read_scores(problem: Problem, path: Path, names: Sequence[str], source: str) -> pd.DataFrame:
    """Return a frame of arch and the scores of the first draw, in the units of NAS-Bench-Suite-Zero.

    Raises ValueError if ``source`` is not in SOURCES, if a score is missing, or if an architecture occurs
    twice.
    """
    return _scores_in(_of_problem(problem, path, [0]), problem, path, names, source)


def read_draws(problem: Problem, path: Path, names: Sequence[str], source: str) -> list[pd.DataFrame]:
    """Return the same as ``read_scores`` for every draw; published scores are one draw."""
    rows = _of_problem(problem, path)
    draws = [of for _, of in rows.groupby("draw", sort=True)] if "draw" in rows else [rows]
    return [_scores_in(of, problem, path, names, source) for of in draws]


def score_names(path: Path) -> list[str]:
    """Return the names of the proxies that have a column in a table of scores."""
    return [field.name for field in parquet.schema_of(path) if str(field.type) == "double"]


def offered(problem: Problem, path: Path, wanted: Sequence[str]) -> list[str]:
    """Return the ``wanted`` proxies with scores of ``problem``, in the source that has most of them."""
    columns = set(score_names(path))
    names = [name for name in wanted if name in columns]
    return _with_values(of_one_source(_of_problem(problem, path, [0]), names), names)


def of_one_source(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the source that has most of the scores called ``names``.

    ``rows`` are of one task. Among sources with equally many scores, the one with more architectures is
    taken, and among those the first by name.
    """
    if "source" not in rows or rows["source"].nunique() <= 1:
        return rows

    def rank(source: str) -> tuple[int, int, str]:
        of = rows[rows["source"] == source]
        return -int(of[list(names)].notna().any().sum()), -len(of), source

    return rows[rows["source"] == min(rows["source"].unique(), key=rank)]


def _scores_in(
    rows: pd.DataFrame, problem: Problem, path: Path, names: Sequence[str], source: str
) -> pd.DataFrame:
    if source not in SOURCES:
        raise ValueError(unknown_name("source of scores", source, SOURCES))
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
    return unique(table, path, problem)


def _of_problem(problem: Problem, path: Path, draws: Sequence[int] | None = None) -> pd.DataFrame:
    """Return the rows of ``problem``; a file of features is of one task, and holds several draws."""
    schema = parquet.schema_of(path)
    columns = schema.names
    if (of := parquet.metadata_in(schema).get(PROBLEM, str(problem))) != str(problem):
        raise ValueError(f"{path} holds scores of {of}, not of {problem}; name the file of this problem")
    where = ("draw", draws) if draws is not None and "draw" in columns else None
    table = parquet.read(path, where=where)
    return table[table["task"] == problem.task] if "task" in columns else table


def _with_values(rows: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return the proxies with at least one value; a source has no scores of the others."""
    return [name for name in names if rows[name].notna().any()]

"""Read the scores of a problem from tables of published scores, of our features, and of structural counts.

Each proxy is read from the first table that offers it, so that what was not published can be computed. A
table of published scores may hold several runs of its authors. They are not mixed: one source is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from zcrepro.files import parquet
from zcrepro.problems.accuracies import unique
from zcrepro.problems.problem import Problem
from zcrepro.problems.units import to_released_units
from zcrepro.proxies.feature_table import PROBLEM, computed
from zcrepro.proxies.sources import of_one_source
from zcrepro.settings import unknown_name

RELEASED, FEATURES, STRUCTURE = "released", "features", "structure"

FIRST = (0,)
"""The first draw of the weights and the minibatch."""

SOURCES = (RELEASED, FEATURES)
"""The kinds of tables of scores of networks: published by others, or computed by the project."""


@dataclass(frozen=True)
class ScoreTable:
    """A table of scores, and its kind: one of SOURCES, or STRUCTURE for counts of operations and paths.

    Of several sources of published scores, the one with most of the ``decisive`` scores is read. By default,
    all scores are.
    """

    path: Path
    kind: str
    decisive: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in (*SOURCES, STRUCTURE):
            raise ValueError(unknown_name("source of scores", self.kind, SOURCES))


def read_draws(
    problem: Problem,
    tables: Sequence[ScoreTable],
    names: Sequence[str],
    max_undefined_share: float = 0.0,
    draws: Sequence[int] | None = None,
) -> list[pd.DataFrame]:
    """Return a frame for every draw of the first table: arch, and the scores of the proxies ``names``.

    The architectures are those of the first table, and other tables give their first draw. The units are
    those of NAS-Bench-Suite-Zero. Published scores are one draw. If ``draws`` are given, the first table is
    read for these alone. A draw in which no architecture has all scores is left out, unless none has one.

    Raises ValueError if no table offers a score (see ``offered``), or if an architecture occurs twice.
    """
    known = offered(problem, tables, names, max_undefined_share)
    missing = [name for name in names if name not in known]
    if missing:
        every = sorted(offered(problem, tables, _names_in(tables), max_undefined_share))
        paths = " and ".join(str(table.path) for table in tables)
        in_part = [name for name in missing if name in _names_in(tables)]
        why = f", which {', '.join(in_part)} lack for some architectures" if in_part else ""
        raise ValueError(
            f"{paths} has no score {', '.join(missing)} for {problem}{why}; it has {', '.join(every)}"
        )
    first, *others = ((table, [name for name in names if known[name] == table]) for table in tables)
    beside = [_scores_in(_of_problem(problem, table, FIRST), problem, table, of) for table, of in others]
    frames = []
    for rows in _by_draw(_of_problem(problem, first[0], draws)):
        frame = _scores_in(rows, problem, *first)
        for other in beside:
            frame = frame.merge(other, on="arch", how="left")
        frames.append(frame[["arch", *names]])
    return [frame for frame in frames if len(frame)] or frames[:1]


def read_scores(problem: Problem, tables: Sequence[ScoreTable], names: Sequence[str]) -> pd.DataFrame:
    """Return the frame of the first draw, as ``read_draws`` does."""
    return read_draws(problem, tables, names, draws=FIRST)[0]


def score_names(path: Path) -> list[str]:
    """Return the names of the proxies that have a column in a table of scores."""
    return [field.name for field in parquet.schema_of(path) if str(field.type) == "double"]


def offered(
    problem: Problem, tables: Sequence[ScoreTable], wanted: Iterable[str], max_undefined_share: float = 0.0
) -> dict[str, ScoreTable]:
    """Return the ``wanted`` proxies with scores of ``problem``, each with the first table that has it.

    The first table has a proxy if it has any value. Another one must have a value for all architectures of
    the first, except ``max_undefined_share`` of them. Of a table with several sources, the one with most
    proxies counts, whichever are wanted: so all proxies and counts are of the same architectures.
    """
    found: dict[str, ScoreTable] = {}
    arch = pd.Index([])
    for number, table in enumerate(tables):
        columns = set(score_names(table.path))
        names = [name for name in wanted if name in columns and name not in found]
        rows = _of_problem(problem, table, FIRST)
        if number == 0:
            arch = pd.Index(rows["arch"])
            known = _with_values(rows, names)
        else:
            undefined = rows.set_index("arch")[names].reindex(arch).isna().sum()
            known = [name for name in names if undefined[name] <= max_undefined_share * len(arch)]
        found |= dict.fromkeys(known, table)
    return found


def _scores_in(rows: pd.DataFrame, problem: Problem, table: ScoreTable, names: Sequence[str]) -> pd.DataFrame:
    scores = computed(rows, names)[["arch", *names]]
    if table.kind == FEATURES:
        scores = scores.assign(**{name: to_released_units(name, scores[name].to_numpy()) for name in names})
    return unique(scores, table.path, problem)


def _by_draw(rows: pd.DataFrame) -> list[pd.DataFrame]:
    return [of for _, of in rows.groupby("draw", sort=True)] if "draw" in rows else [rows]


def _names_in(tables: Sequence[ScoreTable]) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in score_names(table.path)))


def _of_problem(problem: Problem, table: ScoreTable, draws: Sequence[int] | None = None) -> pd.DataFrame:
    """Return the rows of ``problem``, of one source.

    A file of features is of one task, and holds several draws.
    """
    schema = parquet.schema_of(table.path)
    columns = schema.names
    if (of := parquet.metadata_in(schema).get(PROBLEM, str(problem))) != str(problem):
        raise ValueError(
            f"{table.path} holds scores of {of}, not of {problem}; name the file of this problem"
        )
    where = ("draw", draws) if draws is not None and "draw" in columns else None
    rows = parquet.read(table.path, where=where)
    if "task" not in columns:
        return rows
    return of_one_source(rows[rows["task"] == problem.task], table.decisive or score_names(table.path))


def _with_values(rows: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return the proxies with at least one value; a source has no scores of the others."""
    return [name for name in names if rows[name].notna().any()]

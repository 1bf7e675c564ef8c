"""Join the chunks of all pass groups and draws of one problem: cheap, so that no pass is rerun for it.

Chunks are read one after another into columns that are as long as the order, so that memory does not grow
with the number of chunks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from annotated_types import Ge

from zcrepro import provenance, settings
from zcrepro.files import parquet
from zcrepro.progress import track
from zcrepro.proxies.conditions import How, Options
from zcrepro.proxies.feature_table import (
    AS,
    NOT_COMPUTED,
    PROBLEM,
    ROWS_PER_GROUP,
    TIMINGS,
    feature_schema,
    proxies_in,
)

ABSENT = -1
"""The code of a score that no chunk holds."""

REASONS = 3
EXAMPLES = 2
"""How many reasons why scores are undefined an error lists, and how many architectures for each."""


@dataclass(frozen=True, kw_only=True)
class JoinSettings(How):
    """The columns and rows of the joined table, and how much of it may be undefined (a share in [0, 1]).

    The chunks must have been made as ``How`` says, and hold the first ``architectures`` of the order in each
    of the ``draws``. If they are ``shards`` of a computation that goes on, each pass group holds as many as
    it has reached. Any share of the scores of ``programs`` may be undefined: one that was evolved for a space
    need not suit all of its networks, or other spaces.
    """

    architectures: Annotated[int, Ge(1)]
    draws: Annotated[int, Ge(1)]
    shards: bool
    proxy_columns: list[str]
    programs: list[str]
    max_undefined_share: float


@dataclass
class Column:
    """The scores of one proxy in one draw, by place in the order; ``code`` numbers their statuses."""

    value: np.ndarray
    code: np.ndarray


@dataclass
class Statuses:
    """The different statuses, each with a number; those that point at another row share one."""

    numbers: dict[str, int] = field(default_factory=lambda: {AS: 0})

    def codes(self, column: pa.ChunkedArray) -> np.ndarray:
        """Return the number of each status of a column."""
        encoded = column.dictionary_encode() if not pa.types.is_dictionary(column.type) else column
        combined = encoded.combine_chunks()
        numbers = [self._number(status) for status in combined.dictionary.to_pylist()]
        return np.array(numbers, np.int32)[combined.indices.to_numpy()] if numbers else np.empty(0, np.int32)

    def _number(self, status: str) -> int:
        return self.numbers.setdefault(AS if status.startswith(AS) else status, len(self.numbers))


class Features:
    """The table while it is put together."""

    def __init__(self, places: pd.DataFrame, problem: str, chosen: JoinSettings) -> None:
        self.places = places
        self.problem = problem
        self.statuses = Statuses()
        self._chosen = chosen
        self._index = pd.Index(places["arch"])
        self._columns: dict[tuple[int, str], Column] = {}
        self._made: dict[str, dict[str, str]] = {}
        self._like: dict[str, Path] = {}

    def add(self, path: Path) -> None:
        """Read one chunk. Raises ValueError if it was made otherwise, or holds other architectures."""
        table = parquet.read_table(path)
        proxies = proxies_in(table.column_names)
        self._check_made(path, proxies, parquet.metadata_in(table.schema))
        places = self._index.get_indexer(pd.Index(table["arch"].to_pandas()))
        if (places < 0).any():
            self._refuse(path, table)
        draws = table["draw"].to_numpy()
        for name in proxies:
            value, code = table[name].to_numpy(), self.statuses.codes(table[f"{name}_status"])
            for draw in range(self._chosen.draws):  # shards may hold more of them
                of = draws == draw
                self._fill(path, self.column(draw, name), places[of], value[of], code[of])

    def column(self, draw: int, name: str) -> Column:
        """Return the column of one proxy in one draw."""
        if (draw, name) not in self._columns:
            size = len(self.places)
            self._columns[draw, name] = Column(np.full(size, np.nan), np.full(size, ABSENT, np.int32))
        return self._columns[draw, name]

    def proxies(self) -> list[str]:
        """Return the proxies that the chunks hold."""
        return [name for columns in self._made for name in columns.split(",")]

    def complete(self, output: Path) -> None:
        """Fill in the scores that stand in another row. Raises ValueError if one is missing."""
        first = self.places["first"].to_numpy()
        for name in self._chosen.proxy_columns:
            if name not in self.proxies():
                raise ValueError(
                    f"{output}: no chunk holds {name}; they hold {', '.join(self.proxies())}. Take it out of "
                    "features.proxies, or leave out `shards` of this problem to compute it"
                )
            for draw in range(self._chosen.draws):
                column = self.column(draw, name)
                elsewhere = column.code == self.statuses.numbers[AS]
                sources = first[elsewhere]
                if (column.code[sources] == ABSENT).any():
                    lost = self.places["arch"][sources[column.code[sources] == ABSENT][0]]
                    raise ValueError(f"{output}: a chunk is missing: there is no {name} of {lost!r}")
                column.value[elsewhere], column.code[elsewhere] = column.value[sources], column.code[sources]
                if not self._chosen.shards and (missing := int((column.code == ABSENT).sum())):
                    raise ValueError(
                        f"{output}: {len(self.places)} architectures were asked for, but the chunks lack "
                        f"{name} of {missing} in draw {draw}; rerun them"
                    )

    def check_defined(self, output: Path) -> None:
        """Raise ValueError if too many scores of a proxy that is no program are undefined.

        The message names each such proxy, its commonest reasons, their numbers, and some architectures.
        """
        too_many = {}
        for name in self._chosen.proxy_columns:
            if name in self._chosen.programs:
                continue
            status = self._statuses_of(name)
            undefined = status[status != "ok"]
            if len(undefined) > self._chosen.max_undefined_share * len(status):
                reasons = "; ".join(_reasons(undefined))
                too_many[name] = f"{name} is undefined for {len(undefined)} of {len(status)} rows: {reasons}"
        if too_many:
            raise ValueError(
                f"{output}: {'. '.join(too_many.values())}. This is more than the share "
                f"{self._chosen.max_undefined_share} that max_undefined_share allows. Leave "
                f"{', '.join(too_many)} out of features.proxies, or raise max_undefined_share"
            )

    def _statuses_of(self, name: str) -> pd.Series:
        """Return the status of each computed score of a proxy in all draws, by architecture."""
        texts = np.array(list(self.statuses.numbers), object)
        columns = [self.column(draw, name) for draw in range(self._chosen.draws)]
        there = [column.code != ABSENT for column in columns]
        archs = np.concatenate([self.places["arch"].to_numpy(object)[of] for of in there])
        codes = np.concatenate([column.code[of] for column, of in zip(columns, there, strict=True)])
        return pd.Series(texts[codes], archs)

    def tables(self) -> Iterator[pa.Table]:
        """Yield the rows of each draw, sorted by architecture."""
        schema = feature_schema(self._chosen.proxy_columns)
        texts = pa.array([*self.statuses.numbers, NOT_COMPUTED])
        by_text = np.argsort(self.places["arch"].to_numpy(object), kind="stable")
        for draw in range(self._chosen.draws):
            columns = [self.column(draw, name) for name in self._chosen.proxy_columns]
            there = np.any([column.code != ABSENT for column in columns], axis=0)
            rows = by_text[there[by_text]]
            known = [
                pa.array(self.places[name].to_numpy(object)[rows], pa.string()) for name in ("arch", "graph")
            ]
            values = [pa.array(column.value[rows], pa.float64(), from_pandas=True) for column in columns]
            codes = [np.where(column.code == ABSENT, len(texts) - 1, column.code)[rows] for column in columns]
            statuses = [pa.DictionaryArray.from_arrays(pa.array(code, pa.int32()), texts) for code in codes]
            draws = pa.array(np.full(len(rows), draw), pa.int64())
            yield pa.Table.from_arrays([*known, draws, *values, *statuses], schema=schema)

    def made(self) -> dict[str, str]:
        """Return how the chunks were made, and the folder that tracks them if any, for the metadata."""
        one = next(iter(self._made.values()))
        shared = {
            entry: one[entry] for entry in ("versions", "device", "threads", "minibatch") if entry in one
        }
        extraction = {
            columns: {entry: made.get(entry) for entry in ("code", "shared")}
            for columns, made in self._made.items()
        }
        promoted = {"promoted": str(PurePosixPath(one["promoted"]).parent)} if "promoted" in one else {}
        asked = {
            "how": json.dumps(self._chosen.as_mapping),
            "extraction": json.dumps(extraction, sort_keys=True),
        }
        return {PROBLEM: self.problem} | shared | promoted | asked

    def _fill(
        self, path: Path, column: Column, places: np.ndarray, value: np.ndarray, code: np.ndarray
    ) -> None:
        repeated = column.code[places] != ABSENT
        if repeated.any():
            text = self.places["arch"][places[repeated][0]]
            raise ValueError(f"{path} holds {text!r}, which another chunk holds as well; delete one of them")
        column.value[places], column.code[places] = value, code

    def _refuse(self, path: Path, table: pa.Table) -> None:
        raise ValueError(
            f"{path} holds {table.num_rows} architectures, not all of which are among the first "
            f"{len(self.places)} of the order; correct `architectures` of this problem under features.runs"
        )

    def _check_made(self, path: Path, proxies: Sequence[str], made: Mapping[str, str]) -> None:
        """Raise ValueError if a chunk was made otherwise than asked for, or than its group's first one."""
        asked, had = self._chosen.as_mapping, json.loads(made.get("how", "{}"))
        if not had.get("redraw", True):
            had["redraw"] = asked["redraw"]  # the first draw redraws nothing
        had.setdefault("initialisation", Options().initialisation)  # a file from before there was a choice
        if had != asked:
            raise ValueError(
                f"{path} was made with {_differences(had, asked)}. Set features as it says, or leave out "
                "`shards` of this problem to compute it"
            )
        if made.get(PROBLEM) != self.problem:
            raise ValueError(
                f"{path} holds scores of {made.get(PROBLEM, 'no problem')}, but those of {self.problem} are "
                "joined; name chunks of this problem"
            )
        columns = ",".join(proxies)
        first, like = self._made.setdefault(columns, dict(made)), self._like.setdefault(columns, path)
        for entry in ("code", "shared", "versions", "device", "threads"):
            if made.get(entry) != first.get(entry):
                raise ValueError(
                    f"{path} differs in {entry} from {like}; name only one of them under `shards` of this "
                    "problem, or leave out `shards` to compute its chunks alike"
                )


def features(*, settings_file: Path, order: Path, chunks: Sequence[Path], output: Path) -> None:
    """Join the chunks of all pass groups and draws into one table of features.

    Parameters
    ----------
    settings_file
        JSON of JoinSettings.
    order
        The order of the problem's architectures.
    chunks
        The Parquet files of every pass group, draw and chunk.
    output
        Parquet: arch, graph, draw, and for each proxy a column and its status.
    """
    chosen = settings.load(settings_file, JoinSettings)
    metadata = provenance.metadata("features", settings.as_mapping(chosen))
    places = parquet.read(order, where=("place", range(chosen.architectures)))
    if len(places) < chosen.architectures and not chosen.shards:
        raise ValueError(
            f"{chosen.architectures} architectures were asked for, but {order} has {len(places)}; correct "
            "`architectures` of this problem under features.runs"
        )
    table = Features(places, parquet.metadata(order).get(PROBLEM, ""), chosen)
    for chunk in track(chunks, f"joining {output.name}"):
        table.add(chunk)
    table.complete(output)
    table.check_defined(output)
    with parquet.writing(output, feature_schema(chosen.proxy_columns), metadata | table.made()) as writer:
        for rows in table.tables():
            writer.write_table(rows, ROWS_PER_GROUP)


def timings(*, chunks: Sequence[Path], output: Path) -> None:
    """Join the seconds of all passes and chunks.

    Parameters
    ----------
    chunks
        The timing files of every pass group and chunk of one draw.
    output
        Parquet: arch, pass, seconds.
    """
    frame = pa.concat_tables(parquet.read_table(chunk) for chunk in chunks).to_pandas()
    parquet.write(output, frame, TIMINGS, ["arch", "pass"], provenance.metadata("timings", {}))


def _reasons(status: pd.Series) -> Iterator[str]:
    """Yield each of the commonest statuses with its count and examples of architectures, the index."""
    for reason, count in status.value_counts().head(REASONS).items():
        archs = status.index[status == reason].unique()[:EXAMPLES]
        yield f"{reason} ({count} of them, such as {', '.join(map(repr, archs))})"


def _differences(had: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key} {had.get(key)!r} in place of {value!r}"
        for key, value in asked.items()
        if had.get(key) != value
    )

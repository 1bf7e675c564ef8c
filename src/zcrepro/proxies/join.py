"""Joins the chunks of all pass groups of one task: cheap, so that a pass is never rerun for it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path

import pandas as pd

from zcrepro import provenance, settings
from zcrepro.files import parquet
from zcrepro.proxies.extract import TIMINGS, How
from zcrepro.proxies.feature_table import AS, NOT_COMPUTED, computed, feature_schema


@dataclass(frozen=True)
class JoinSettings(How):
    """The columns and rows of the joined table, and how much of it may be undefined (a share in [0, 1]).

    The chunks must have been made as ``How`` says, and hold all ``architectures``; if they are
    ``shards`` of a computation that goes on, each pass group holds as many as it has reached.
    """

    architectures: int
    shards: bool
    proxy_columns: list[str]
    max_undefined_share: float


def features(*, settings_file: Path, chunks: Sequence[Path], output: Path) -> None:
    """Join the chunks of all pass groups into one table of features.

    Parameters
    ----------
    settings_file
        JSON of JoinSettings.
    chunks
        The Parquet files of every pass group and chunk of one task.
    output
        Parquet: arch, graph, a column a proxy and its status.
    """
    chosen = settings.load(settings_file, JoinSettings)
    _check_made(chunks, chosen)
    groups: defaultdict[tuple[str, ...], list[pd.DataFrame]] = defaultdict(list)
    for chunk in chunks:
        frame = parquet.read(chunk)
        groups[tuple(frame.columns)].append(frame)
    tables = [pd.concat(frames, ignore_index=True) for frames in groups.values()]
    merged = partial(pd.merge, on=["arch", "graph"], how="outer", validate="one_to_one")
    joined = reduce(merged, tables)
    if any(len(table) != len(joined) for table in tables) and not chosen.shards:
        counts = sorted({len(table) for table in tables})
        raise ValueError(f"{output}: the pass groups cover {counts} architectures; rerun their chunks")
    missing = chosen.architectures - len(joined)
    if missing < 0 or (missing and not chosen.shards):
        raise ValueError(
            f"{output}: {chosen.architectures} architectures were asked for, but the chunks hold "
            f"{len(joined)}; correct `architectures` of this problem under features.runs"
        )
    for name in chosen.proxy_columns:
        if name not in joined:
            raise ValueError(
                f"{output}: no chunk holds {name}; they hold {', '.join(_proxies(joined))}. Take it out of "
                "features.proxies, or leave out `shards` of this problem to compute it"
            )
        joined[f"{name}_status"] = joined[f"{name}_status"].fillna(NOT_COMPUTED)
        _fill_in(joined, name, output)
    check_defined(joined, chosen.proxy_columns, chosen.max_undefined_share, output)
    metadata = provenance.metadata("features", settings.as_mapping(chosen)) | _making(chunks)
    parquet.write(output, joined, feature_schema(chosen.proxy_columns), ["arch"], metadata)


def _proxies(frame: pd.DataFrame) -> list[str]:
    return [name for name in frame.columns if f"{name}_status" in frame]


def _check_made(chunks: Sequence[Path], chosen: How) -> None:
    """Raises ValueError that names the settings in which a chunk differs from those that were asked for."""
    asked = json.loads(chosen.as_json)
    for chunk in chunks:
        had = json.loads(parquet.metadata(chunk).get("how", "{}"))
        if had != asked:
            differing = [key for key in asked if had.get(key) != asked[key]]
            wrong = [f"{key} {had.get(key)!r} in place of {asked[key]!r}" for key in differing]
            raise ValueError(
                f"{chunk} was made with {', '.join(wrong)}. Set features as it says, or leave out `shards` "
                "of this problem to compute it"
            )


def _fill_in(frame: pd.DataFrame, name: str, where: Path) -> None:
    """The scores of one proxy that stand in the row of another architecture, and their status."""
    status = f"{name}_status"
    elsewhere = frame[status].str.startswith(AS)
    originals = frame.loc[elsewhere, status].str.removeprefix(AS)
    if not originals.isin(frame["arch"]).all():
        raise ValueError(f"{where}: a chunk is missing: there is no {name} of {originals.iloc[0]!r}")
    rows = frame.set_index("arch").loc[originals.tolist()]
    for column in (name, status):
        frame.loc[elsewhere, column] = rows[column].to_numpy()


def _making(chunks: Sequence[Path]) -> dict[str, str]:
    """How the chunks were made. Raises ValueError where those of one group differ in it."""
    groups: dict[str, dict[str, str]] = {}
    firsts: dict[str, Path] = {}
    for chunk in chunks:
        made = parquet.metadata(chunk)
        columns = ",".join(
            name for name in parquet.schema_of(chunk).names[2:] if not name.endswith("_status")
        )
        first = groups.setdefault(columns, made)
        like = firsts.setdefault(columns, chunk)
        for entry in ("code", "shared", "versions", "device", "threads", "minibatch"):
            if made.get(entry) != first.get(entry):
                raise ValueError(
                    f"{chunk} differs in {entry} from {like}; name only one of them under `shards` of this "
                    "problem, or leave out `shards` to compute its chunks alike"
                )
    one = next(iter(groups.values()))
    entries = ("versions", "device", "threads", "how", "minibatch")
    shared = {entry: one[entry] for entry in entries if entry in one}
    extraction = {columns: {e: made.get(e) for e in ("code", "shared")} for columns, made in groups.items()}
    return shared | {"extraction": json.dumps(extraction, sort_keys=True)}


def check_defined(frame: pd.DataFrame, columns: Sequence[str], share: float, where: Path) -> None:
    """Raises ValueError that names the proxies of which more than ``share`` is undefined, and why."""
    for name in columns:
        rows = computed(frame, [name])
        undefined = rows[name].isna()
        if undefined.mean() > share:
            reason = rows.loc[undefined, f"{name}_status"].value_counts().index[0]
            raise ValueError(
                f"{where}: {name} is undefined for {undefined.sum()} of {len(rows)} architectures, more "
                f"than the share {share} that max_undefined_share allows; the commonest reason: {reason}. "
                f"Leave {name} out of features.proxies, or raise max_undefined_share"
            )


def timings(*, chunks: Sequence[Path], output: Path) -> None:
    """Join the seconds of all passes and chunks.

    Parameters
    ----------
    chunks
        The timing files of every pass group and chunk of one task.
    output
        Parquet: arch, pass, seconds.
    """
    frame = pd.concat([parquet.read(chunk) for chunk in chunks], ignore_index=True)
    parquet.write(output, frame, TIMINGS, ["arch", "pass"], {"stage": "timings"})

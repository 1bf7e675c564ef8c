"""Merge parts of a long computation, and what their metadata say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.files import parquet


@dataclass(frozen=True)
class Part:
    """A Parquet file of a long computation: its rows, and how it was made."""

    path: Path
    frame: pd.DataFrame
    made: Mapping[str, str]


def read_parts(tracked: Path, files: Sequence[Path]) -> list[Part]:
    """Return the tracked file as the first part, if there is one, and then the new ones."""
    paths = [*([tracked] if tracked.is_file() else []), *files]
    return [Part(path, parquet.read(path), parquet.metadata(path)) for path in paths]


def merged(parts: Sequence[Part], key: Sequence[str]) -> pd.DataFrame:
    """Return the rows of all parts. Raises ValueError if the columns differ or ``key`` repeats."""
    agreed(parts, "columns", [sorted(part.frame.columns) for part in parts])
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    repeated = frame.duplicated(list(key))
    if repeated.any():
        example = frame.loc[repeated, list(key)].iloc[0].to_dict()
        raise ValueError(
            f"{int(repeated.sum())} rows are in several of {_names(parts)}, for example {example}; leave out "
            "what is promoted already, or delete the tracked file to replace it"
        )
    return frame


def agreed(parts: Sequence[Part], what: str, values: Sequence[Any]) -> Any:
    """Return the value that all parts have. Raises ValueError, which says ``what`` it is, if they differ."""
    for part, value in zip(parts, values, strict=True):
        if value != values[0]:
            raise ValueError(
                f"{part.path} differs from {parts[0].path} in {what}: {value} in place of {values[0]}; "
                "compute it like the other, or delete the tracked file to replace it"
            )
    return values[0]


def same(parts: Sequence[Part], entries: Sequence[str]) -> dict[str, str]:
    """Return the entries of the metadata, which must be the same in all parts."""
    return {entry: agreed(parts, entry, [part.made.get(entry, "") for part in parts]) for entry in entries}


def torch_of(part: Part) -> str:
    """Return the version of torch that a part was made with."""
    return str(json.loads(part.made.get("versions", "{}")).get("torch"))


def versions(parts: Sequence[Part]) -> str:
    """Return the versions that all parts have in common, as JSON."""
    every = [json.loads(part.made.get("versions", "{}")) for part in parts]
    common = {
        name: version for name, version in every[0].items() if all(e.get(name) == version for e in every)
    }
    return json.dumps(common)


def tally(parts: Sequence[Part], entry: str) -> str:
    """Return the number of rows of each digest that the parts have under ``entry``, as JSON."""
    rows: Counter[str] = Counter()
    for part in parts:
        rows.update(dict(_digests(part, entry)))
    return json.dumps(rows, sort_keys=True)


def _digests(part: Part, entry: str) -> Iterator[tuple[str, int]]:
    """Yield each digest and its number of rows. A promoted file has a JSON mapping of them."""
    text = part.made.get(entry, "")
    if text.startswith("{"):
        yield from json.loads(text).items()
    else:
        yield text, len(part.frame)


def _names(parts: Sequence[Part]) -> str:
    first, *others = (str(part.path) for part in parts)
    return f"{first} and {len(others)} more files" if len(others) > 1 else " and ".join([first, *others])

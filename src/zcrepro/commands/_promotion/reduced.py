"""Promote reduced trainings: one tracked file for each recipe and problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from zcrepro import registry
from zcrepro.commands._promotion.base import Promotion, located
from zcrepro.commands._promotion.merging import Part, merged, read_parts, same, tally, torch_of, versions
from zcrepro.files import parquet
from zcrepro.training.reduced_table import KEY, PROBLEM, RECIPE, SCHEMA

MADE_ON = "made_on"
LAYOUT = "trainings/<recipe>/<space>/<task>/<chunk>.parquet"


def promote_reduced(chunks: Sequence[Path], root: Path) -> Iterator[Promotion]:
    """Yield the tracked file of each recipe and problem, extended by the new chunks.

    The device and the code may change while a long computation goes on, so the metadata count the rows of
    each.
    """
    files: dict[str, list[Path]] = {}
    for chunk in chunks:
        at = located(chunk, LAYOUT)
        registry.get("space", at["space"])  # raises ValueError if it is unknown
        name = f"resources/trainings/{at['recipe']}/{at['space']}/{at['task']}.parquet"
        files.setdefault(name, []).append(chunk)
    for name, of in files.items():
        parts = [_placed(part) for part in read_parts(root / name, of)]
        made = same(parts, ["stage", PROBLEM, RECIPE, "shared"]) | {
            "versions": versions(parts),
            "code": tally(parts, "code"),
            MADE_ON: tally(parts, MADE_ON),
            "promoted": name,
        }
        frame = merged(parts, KEY)
        yield Promotion(name, partial(parquet.write, frame=frame, schema=SCHEMA, sort_by=KEY, metadata=made))


def _placed(part: Part) -> Part:
    """Return a part whose metadata say on which device and with which torch it was made."""
    place = f"{part.made.get('device')}, torch {torch_of(part)}"
    return replace(part, made={MADE_ON: place, **part.made})

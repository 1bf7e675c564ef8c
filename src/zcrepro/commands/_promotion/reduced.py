"""Promote trainings with less: one tracked file for each recipe and problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from zcrepro import registry
from zcrepro.commands._promotion.base import Promotion, located
from zcrepro.commands._promotion.merging import merged, read_parts, same, tally, versions
from zcrepro.files import parquet
from zcrepro.training.reduced import KEY, PROBLEM, RECIPE, SCHEMA

LAYOUT = "trainings/<recipe>/<space>/<task>/<chunk>.parquet"


def promote_reduced(chunks: Sequence[Path], root: Path) -> Iterator[Promotion]:
    """Yield the tracked file of each recipe and problem, extended by the new chunks.

    The code may change while a long computation goes on, so the metadata count the rows of each version.
    """
    files: dict[str, list[Path]] = {}
    for chunk in chunks:
        at = located(chunk, LAYOUT)
        registry.get("space", at["space"])  # raises ValueError if it is unknown
        name = f"resources/trainings/{at['recipe']}/{at['space']}/{at['task']}.parquet"
        files.setdefault(name, []).append(chunk)
    for name, of in files.items():
        parts = read_parts(root / name, of)
        made = same(parts, ["stage", PROBLEM, RECIPE, "shared", "device", "threads"]) | {
            "versions": versions(parts),
            "code": tally(parts, "code"),
            "promoted": name,
        }
        frame = merged(parts, KEY)
        yield Promotion(name, partial(parquet.write, frame=frame, schema=SCHEMA, sort_by=KEY, metadata=made))

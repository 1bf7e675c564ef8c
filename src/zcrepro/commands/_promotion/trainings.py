"""Promote trainings of the embedded benchmark: one tracked file per problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from zcrepro import registry
from zcrepro.commands._promotion.base import Promotion, located
from zcrepro.commands._promotion.merging import merged, read_parts, same
from zcrepro.files import parquet

LAYOUT = "trainings/embedded/<space>/<task>/<shard>.parquet"
KEY = ["arch", "task", "seed"]


def promote_trainings(shards: Sequence[Path], root: Path) -> Iterator[Promotion]:
    """Yield the tracked file of each problem, extended by the new shards.

    All must be of one code and one recipe.
    """
    problems: dict[str, list[Path]] = {}
    for shard in shards:
        at = located(shard, LAYOUT)
        registry.get("space", at["space"])  # raises ValueError if it is unknown
        problems.setdefault(f"resources/embedded/{at['space']}-{at['task']}.parquet", []).append(shard)
    for name, files in problems.items():
        parts = read_parts(root / name, files)
        made = same(parts, ["stage", "code", "shared", "versions", "device", "threads"]) | {"promoted": name}
        schema = parquet.schema_of(parts[0].path).remove_metadata()
        frame = merged(parts, KEY)
        yield Promotion(name, partial(parquet.write, frame=frame, schema=schema, sort_by=KEY, metadata=made))

"""Promote records of live searches: the trace, and the seconds beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from zcrepro.commands._promotion.base import Promotion, located
from zcrepro.commands._promotion.searches import as_it_is

LAYOUT = "live/<name>.parquet"


def promote_live(files: Sequence[Path], root: Path) -> Iterator[Promotion]:
    """Yield the tracked file of each record."""
    del root
    for file in files:
        yield as_it_is(file, f"resources/live/{located(file, LAYOUT)['name']}.parquet")

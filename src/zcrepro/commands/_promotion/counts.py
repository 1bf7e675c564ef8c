"""Promote published counts: as proofs, which hold the architectures and one digest of all their counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from zcrepro import registry
from zcrepro.benchmarks import proofs
from zcrepro.commands._promotion.base import Promotion, located
from zcrepro.files import parquet

LAYOUT = "counts/<space>.parquet"
COLUMNS = ("source", "task", "arch", "quantity", "count")


def promote_counts(files: Sequence[Path], root: Path) -> Iterator[Promotion]:
    """Yield the index of the proofs, which is written together with the architectures of each space."""
    del root
    tables = {}
    for file in files:
        space = located(file, LAYOUT)["space"]
        registry.get("space", space)  # raises ValueError if it is unknown
        tables[space] = parquet.read(file, COLUMNS)

    def write(path: Path) -> None:
        proofs.record(tables, path.parent)

    yield Promotion(f"{proofs.TRACKED}/{proofs.INDEX}", write)

"""``zcrepro promote_counts``: keeps the proofs that published sizes of networks give."""

from collections.abc import Sequence
from pathlib import Path

from zcrepro import checkout, registry
from zcrepro.benchmarks import proofs
from zcrepro.commands._files import existing
from zcrepro.files import parquet

COLUMNS = ("source", "task", "arch", "quantity", "count")


def promote_counts(tables: Sequence[Path], /, *, to: Path | None = None) -> None:
    """Keep, of each table of published counts, its architectures and one digest of all counts.

    No rule writes a tracked file: what is worth keeping is moved by this command.

    Parameters
    ----------
    tables
        The tables, for example ``results/paper/counts/*.parquet``; each is named by its space.
    to
        The folder that the proofs are kept in; resources/proofs of the repository if it is not given.
    """
    counts = {path.stem: parquet.read(existing(path), COLUMNS) for path in tables}
    for name in counts:
        registry.get("space", name)  # an unknown one is an error
    for proof in proofs.record(counts, to or checkout.path("resources/proofs")):
        print(f"{proof.space}/{proof.task}: {proof.quantity} of {proof.architectures:,} by {proof.source}")

"""``zcrepro promote_counts``: keeps the proofs that published sizes of networks give."""

from collections.abc import Sequence
from pathlib import Path

from zcrepro import proofs, storage


def promote_counts(tables: Sequence[Path], /, *, to: Path = proofs.FOLDER) -> None:
    """Keep, of each table of published counts, its architectures and one digest of all counts.

    No rule writes a tracked file: what is worth keeping is moved by this command.

    Parameters
    ----------
    tables
        The tables, for example ``results/paper/counts/*.parquet``; each is named by its space.
    to
        The folder that the proofs are kept in.
    """
    for proof in proofs.record({path.stem: storage.read_parquet(path) for path in tables}, to):
        print(f"{proof.space}/{proof.task}: {proof.quantity} of {proof.architectures:,} by {proof.source}")

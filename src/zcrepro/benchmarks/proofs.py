"""Verify that the spaces build the networks of their benchmarks, by published counts.

For every architecture of which a source publishes a count, parameters or multiply-adds, the count of the
network built here has to be equal to the unit. The published counts themselves are not in the repository. For
each source it contains the architectures and one digest of all sorted (architecture, count) pairs. The counts
made here must give the same digest, so no downloaded file is needed.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa

from zcrepro import checkout, registry
from zcrepro.files import csv, parquet
from zcrepro.spaces.base import Space

TRACKED = "resources/proofs"
FOLDER = checkout.FOLDER / TRACKED
INDEX = "counts.csv"

ARCHITECTURES = pa.schema([("source", pa.string()), ("task", pa.string()), ("arch", pa.string())])


@dataclass(frozen=True)
class Proof:
    """The counts that one source publishes for a space and task.

    ``architectures`` is the number of counts, and ``sha256`` the digest of all of them.
    """

    space: str
    task: str
    quantity: str
    source: str
    architectures: int
    sha256: str


def digest(counts: Mapping[str, int]) -> str:
    """Return the SHA-256 of the sorted lines ``<architecture><tab><count>``."""
    lines = sorted(f"{text}\t{count}\n" for text, count in counts.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def counted(space: Space, task: str, quantity: str, texts: Iterable[str]) -> dict[str, int]:
    """Return the counts made here. ``quantity`` is ``params`` or ``flops``."""
    count = {"params": space.parameters, "flops": space.flops}[quantity]
    return {text: count(space.parse(text), task) for text in texts}


def holds(proof: Proof, folder: Path = FOLDER) -> bool:
    """Return whether the counts made here equal the published ones for all architectures of the source."""
    texts = architectures(proof, folder)
    space: Space = registry.get("space", proof.space)
    ours = counted(space, proof.task, proof.quantity, texts)
    return len(texts) == proof.architectures and digest(ours) == proof.sha256


def architectures(proof: Proof, folder: Path = FOLDER) -> list[str]:
    """Return the architectures for which the source publishes a count."""
    known = _listed(folder / f"{proof.space}.parquet")
    return known.get((proof.source, proof.task), [])


def read(folder: Path = FOLDER) -> list[Proof]:
    """Return the proofs in the repository."""
    frame = csv.read_csv(folder / INDEX, dtype=str, keep_default_na=False)
    return [
        Proof(**row | {"architectures": int(row["architectures"])})  # type: ignore[arg-type]
        for row in frame.to_dict("records")
    ]


def record(tables: Mapping[str, pd.DataFrame], folder: Path = FOLDER) -> list[Proof]:
    """Store the proofs of the given spaces, from their tables of published counts, and return them.

    The proofs of other spaces are kept.
    """
    kept = [proof for proof in read(folder) if proof.space not in tables] if (folder / INDEX).exists() else []
    made = [proof for space, table in tables.items() for proof in _proofs(space, table)]
    ordered = sorted([*kept, *made], key=lambda p: (p.space, p.source, p.task, p.quantity))
    for space, table in tables.items():
        keys = table[ARCHITECTURES.names].drop_duplicates()
        metadata = {"promoted": f"{TRACKED}/{space}.parquet"}
        parquet.write(folder / f"{space}.parquet", keys, ARCHITECTURES, ARCHITECTURES.names, metadata)
    csv.write_csv(folder / INDEX, pd.DataFrame([asdict(proof) for proof in ordered]))
    return made


def _proofs(space: str, table: pd.DataFrame) -> Iterator[Proof]:
    for key, rows in table.groupby(["source", "task", "quantity"]):
        source, task, quantity = map(str, key)
        counts = dict(zip(rows["arch"], rows["count"].tolist(), strict=True))
        yield Proof(space, task, quantity, source, len(counts), digest(counts))


@cache
def _listed(path: Path) -> dict[tuple[str, str], list[str]]:
    table = parquet.read(path)
    return {
        (str(source), str(task)): rows["arch"].tolist()
        for (source, task), rows in table.groupby(["source", "task"])
    }

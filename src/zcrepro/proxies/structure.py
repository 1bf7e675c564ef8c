"""The structural counts of all architectures of a space, as one table.

They are computed from the graph of operations alone. No network is built, and no task or draw matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from zcrepro import provenance, registry, settings
from zcrepro.files import parquet
from zcrepro.progress import track
from zcrepro.spaces.base import Space
from zcrepro.spaces.structural_counts import COUNTS, COUNTS_OF, PREFIX, structural_counts

SCHEMA = pa.schema(
    [("arch", pa.string()), ("graph", pa.string()), *((PREFIX + name, pa.float64()) for name in COUNTS)]
)


@dataclass(frozen=True)
class StructureSettings:
    """The space."""

    space: str


def structure(*, settings_file: Path, accuracies: Path, output: Path) -> None:
    """Compute the structural counts of every architecture of one space.

    Parameters
    ----------
    settings_file
        JSON of StructureSettings.
    accuracies
        The benchmark's accuracies, which say which architectures there are.
    output
        Parquet: arch, graph, and a column ``structure_<count>`` for each of COUNTS, without units.

    Raises
    ------
    ValueError
        If the space does not describe its architectures by a graph of operations.
    """
    chosen = settings.load(settings_file, StructureSettings)
    space: Space = registry.get("space", chosen.space)
    metadata = provenance.metadata("structure", settings.as_mapping(chosen)) | {COUNTS_OF: space.counts_of}
    known = parquet.read(accuracies, ["arch", "graph"]).drop_duplicates("arch")
    counts = [
        structural_counts(space.graph(space.parse(text)))
        for text in track(list(known["arch"]), f"counting operations of {chosen.space}")
    ]
    table = pd.DataFrame(counts, columns=list(COUNTS), index=known.index, dtype=float)
    parquet.write(output, known.join(table.add_prefix(PREFIX)), SCHEMA, ["arch"], metadata)

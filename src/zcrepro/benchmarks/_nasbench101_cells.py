"""Find the cells behind the hashes of NAS-Bench-101, for files that name a cell only by its hash.

A hash cannot be inverted, so the whole space is enumerated and hashed, which takes a minute. The cells found
for the pinned files are stored in ``resources/nasbench101/cells.parquet``. That file need not be trusted,
because reading it computes the hashes again.
"""

from collections.abc import Iterable
from pathlib import Path

import cyclopts
import pandas as pd
import pyarrow as pa

from zcrepro.files import parquet
from zcrepro.files.errors import reads
from zcrepro.files.json import read_json
from zcrepro.spaces.nasbench101 import SPACE

REMEDY = "make it again as resources/nasbench101/README.md says"

SCHEMA = pa.schema([("arch", pa.string())])


def find_cells(output: Path, *tables: Path) -> None:
    """Find the cells that tables of NAS-Bench-101 name by their hashes.

    Parameters
    ----------
    output
        Parquet: arch.
    tables
        JSON files with a list of hashes under the key ``key``.
    """
    hashes = {name for table in tables for name in read_json(table)["key"]}
    found = [SPACE.text(arch) for arch in SPACE.architectures() if SPACE.canonical(arch) in hashes]
    if len(found) != len(hashes):
        raise ValueError(f"there are {len(hashes)} hashes, but {len(found)} cells have one of them")
    parquet.write(output, pd.DataFrame({"arch": found}), SCHEMA, ["arch"], {})


@reads(REMEDY)
def cells_by_hash(path: Path) -> dict[str, str]:
    """Return the texts in a file of ``find_cells`` by their hashes, which are computed again."""
    texts: Iterable[str] = parquet.read(path, ["arch"])["arch"]
    return {SPACE.canonical(SPACE.parse(text)): text for text in texts}


if __name__ == "__main__":
    cyclopts.run(find_cells)

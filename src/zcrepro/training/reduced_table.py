"""The table of reduced trainings: its columns, and the join of the chunks of one recipe."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from zcrepro import provenance
from zcrepro.files import parquet

SCHEMA = pa.schema(
    [
        ("arch", pa.string()),
        ("graph", pa.string()),
        ("epoch", pa.int64()),
        ("accuracy", pa.float64()),
        ("images", pa.int64()),
        ("multiply_adds", pa.int64()),
    ]
)
"""The accuracy on the test images in percent after each epoch, how many training images were seen until then,
and the multiply-adds of a forward of one of them."""

KEY = ["arch", "epoch"]
PROBLEM = "problem"
RECIPE = "recipe"


def trainings(*, chunks: Sequence[Path], output: Path) -> None:
    """Join the chunks of one recipe on one problem.

    Parameters
    ----------
    chunks
        The Parquet files of the chunks.
    output
        Parquet: all their rows.
    """
    made = [parquet.metadata(path) for path in chunks]
    for path, of in zip(chunks, made, strict=True):
        for entry in (PROBLEM, RECIPE, "shared"):
            if of.get(entry) != made[0].get(entry):
                raise ValueError(
                    f"{path} differs in {entry} from {chunks[0]}: {of.get(entry)} in place of "
                    f"{made[0].get(entry)}; join chunks of one recipe and one problem"
                )
    frame = pd.concat([parquet.read(path) for path in chunks], ignore_index=True)
    metadata = provenance.metadata("trainings", {}) | {entry: made[0][entry] for entry in (PROBLEM, RECIPE)}
    parquet.write(output, frame[SCHEMA.names], SCHEMA, KEY, metadata)

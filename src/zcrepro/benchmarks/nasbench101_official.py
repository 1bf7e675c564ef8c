"""Read all of NAS-Bench-101 (Ying et al., ICML 2019) from the authors' file of trainings of 108 epochs.

The file is a TFRecord of 1.3 million records. A record is one training, a JSON list of hash, epochs,
flattened adjacency matrix, operations, and a protobuf message in base64. The message contains three
evaluations: untrained, halfway and final. Each cell was trained three times, and its accuracies are the
means.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from zcrepro.benchmarks import _protobuf
from zcrepro.benchmarks._base import count, number, parses, require_files
from zcrepro.files.tfrecord import records
from zcrepro.spaces import nasbench101_graph as graph
from zcrepro.spaces.nasbench101 import SPACE

FILE = "official/nasbench101/nasbench_only108.tfrecord"
EPOCHS = 108
LABELS = {"conv3x3-bn-relu": 0, "conv1x1-bn-relu": 1, "maxpool3x3": 2}
SOURCE = "NAS-Bench-101, mean of its trainings"

# Fields of the messages ModelMetrics and EvaluationData.
EVALUATIONS, PARAMETERS = 1, 2
VALIDATION, TEST = 4, 5
FINAL = 2  # index among the three evaluations


class NASBench101Official:
    """Recipe for validation and test accuracies, and parameter counts, of all cells."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``.

        Raises ValueError if a record is damaged or its cell does not have its hash.
        """
        require_files(files, [FILE], "nasbench101_official")
        cells = _trainings(files[FILE]).groupby("arch", sort=False)
        parts = [
            pd.DataFrame({"accuracy": cells[metric].mean() * 100, "seeds": cells.size()}).assign(
                metric=metric
            )
            for metric in ("validation", "test")
        ]
        frame = pd.concat(parts).reset_index().astype({"seeds": "Int64"})
        return frame.assign(task="cifar10", source=SOURCE, file=FILE)

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return counts, see ``_base.Counts``."""
        require_files(files, [FILE], "nasbench101_official")
        counts = _trainings(files[FILE])[["arch", "parameters"]].drop_duplicates(ignore_index=True)
        counts = counts.rename(columns={"parameters": "count"})
        return counts.assign(task="cifar10", quantity="params", source=SOURCE, file=FILE)


class Training(NamedTuple):
    """One training of a cell: accuracies as fractions, and the parameters of the network."""

    arch: str
    validation: float
    test: float
    parameters: int


@parses
def _trainings(path: Path) -> pd.DataFrame:
    return pd.DataFrame(_read(path), columns=Training._fields)


def _read(path: Path) -> Iterator[Training]:
    """Yield the trainings of 108 epochs. (The authors' larger file contains shorter trainings too.)"""
    texts: dict[str, str] = {}
    for record in records(path):
        try:
            name, epochs, adjacency, operations, metrics = json.loads(record)
            if epochs == EPOCHS:
                if name not in texts:
                    texts[name] = _text(name, adjacency, operations)
                yield Training(texts[name], *_metrics(base64.b64decode(metrics, validate=True)))
        except Exception as error:
            raise ValueError(f"{record[:80]!r}: {error!r}") from error


def _text(name: str, adjacency: str, operations: str) -> str:
    """Return the text of a cell. Raises ValueError if the cell does not have the hash ``name``."""
    first, *inner, last = operations.split(",")
    matrix = np.reshape([int(bit) for bit in adjacency], (len(inner) + 2, len(inner) + 2))
    if (first, last) != ("input", "output") or np.tril(matrix).any():
        raise ValueError("not a graph from an input to an output")
    cell = graph.published(graph.pruned(matrix, [LABELS[operation] for operation in inner]))
    if SPACE.canonical(cell) != name:
        raise ValueError(f"the cell has the hash {SPACE.canonical(cell)}")
    return SPACE.text(cell)


def _metrics(message: bytes) -> tuple[float, float, int]:
    """Return the final validation and test accuracy and the parameters in a ModelMetrics message."""
    found = list(_protobuf.fields(message))
    evaluations = [value for field, value in found if field == EVALUATIONS]
    final = dict(_protobuf.fields(evaluations[FINAL]))
    return number(final[VALIDATION]), number(final[TEST]), count(dict(found)[PARAMETERS])


RECIPE = NASBench101Official()

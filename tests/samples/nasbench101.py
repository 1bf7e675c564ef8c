"""Tables, cells and draws of NAS-Bench-101 in the format of the real files."""

import json
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks import _nasbench101_cells
from zcrepro.files import parquet
from zcrepro.spaces.nasbench101 import SPACE

CHAIN, BRANCH, POOL = "conv3x3~0|output~1", "conv1x1~0|output~01", "maxpool3x3~0|output~1"
PLAIN, PLAIN_ENCODED = "output~0", "(0, 1, 0, 0, 0, 1)"
CHAIN_ENCODED = "(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 4, 1)"
CHAIN_UNPRUNED = "(0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 4, 1)"


def hash_of(text):
    return SPACE.canonical(SPACE.parse(text))


def table(path: Path, cells: dict[str, tuple[float, int]]) -> None:
    """Write a table with the given accuracy after 108 epochs, as a fraction, and the number of parameters.

    The accuracies after 4, 12 and 36 epochs are 0.1, 0.2 and 0.3. An epoch takes a second a parameter.
    """
    early = {4: 0.1, 12: 0.2, 36: 0.3}
    columns = {f"{epochs}_final_validation_accuracy": [each] * len(cells) for epochs, each in early.items()}
    columns["108_final_validation_accuracy"] = [accuracy for accuracy, _ in cells.values()]
    columns["trainable_parameters"] = [parameters for _, parameters in cells.values()]
    columns["final_training_time"] = [108.0 * parameters for _, parameters in cells.values()]
    path.write_text(json.dumps(columns | {"key": [hash_of(text) for text in cells]}))


def known(path: Path, *texts: str) -> None:
    parquet.write(path, pd.DataFrame({"arch": texts}), _nasbench101_cells.SCHEMA, ["arch"], {})


def drawn(path: Path, accuracies: dict[str, float]) -> None:
    entries = {
        encoding: {"val_accuracy": accuracy, "params": 1.0} for encoding, accuracy in accuracies.items()
    }
    path.write_text(json.dumps({"nasbench101": {"cifar10": entries}}))

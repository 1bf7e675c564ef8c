"""Predict the accuracy of any genotype of the DARTS space, by a surrogate of NAS-Bench-301's trainings.

The surrogate is that of YAHPO Gym (Pfisterer et al., AutoML 2022), a neural network in ONNX that was fitted
to the trainings of NAS-Bench-301 (Zela et al., ICLR 2022). It is another one than NAS-Bench-301's own: on the
725 genotypes whose predictions by that one are published, Spearman's correlation of the two is .905.

Its inputs are categories. Their order in the model is that of the numbers in their names: with the order in
which the file of the encoding lists them, edge 10 before edge 2, the correlation is .771.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from zcrepro.files.errors import FETCH_AGAIN, reads
from zcrepro.files.json import read_json
from zcrepro.spaces.base import Arch

PREFIX = "NetworkSelectorDatasetInfo_COLON_darts_COLON_"
ABSENT = "#na#"  # the category of an edge that a genotype does not have
INPUTS, EPOCHS = 34, 98  # the surrogate predicts the accuracy after any number of epochs up to this one
FIRST, NODES = 2, 4  # the number of the first node behind the two inputs of a cell, and how many there are

EDGES = [(source, node) for node in range(FIRST, FIRST + NODES) for source in range(node)]
"""The edges that a cell may have, in the order of their numbers in the names of the inputs."""


class Surrogate:
    """The surrogate, read from its two files.

    Raises ValueError, which names the file, if one is damaged or not what it should be.
    """

    def __init__(self, model: Path, encoding: Path) -> None:
        self._codes = _read_encoding(encoding)
        self._session = _read_model(model)

    def accuracy(self, arch: Arch) -> float:
        """Return the predicted validation accuracy on CIFAR-10 in percent.

        Raises ValueError if the genotype has the operation ``none``, or two edges from one source node: no
        such genotype was trained.
        """
        normal, reduce, *_ = arch
        chosen = {**dict(_choices(normal, "normal")), **dict(_choices(reduce, "reduce"))}
        categories = [self._code(name, chosen.get(name, ABSENT)) for name in self._codes]
        inputs = {
            "x_cat": np.array([categories], np.int32),
            "x_cont": np.array([[EPOCHS]], np.float32),
        }
        return float(self._session.run(None, inputs)[0][0][0])

    def _code(self, name: str, choice: str) -> int:
        if choice not in self._codes[name]:
            known = ", ".join(sorted(self._codes[name]))
            raise ValueError(
                f"the surrogate knows no {choice!r} of {name.removeprefix(PREFIX)}, only {known}"
            )
        return self._codes[name][choice]


def _choices(cell: Arch, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the names of the inputs that a cell decides, and what it chooses."""
    for number, node in enumerate(cell, start=FIRST):
        (first, _), (second, _) = node
        if first == second:
            raise ValueError(f"the surrogate knows no node with two edges from node {first}")
        for source, operation in node:
            yield f"{PREFIX}edge_{kind}_{EDGES.index((source, number))}", operation
        if number > FIRST:  # the first node has no other choice than both inputs of the cell
            yield f"{PREFIX}inputs_node_{kind}_{number}", f"{first}_{second}"


@reads(FETCH_AGAIN)
def _read_encoding(path: Path) -> Mapping[str, Mapping[str, int]]:
    """Return the code of each category by input, in the order of the inputs of the model."""
    found = read_json(path, FETCH_AGAIN)
    if not isinstance(found, dict) or len(found) != INPUTS:
        raise ValueError(f"not a mapping with the codes of {INPUTS} inputs")
    for name, codes in found.items():
        if not isinstance(codes, dict) or not all(type(code) is int for code in codes.values()):
            raise ValueError(f"the codes of {name} are no whole numbers")
    return {name: found[name] for name in sorted(found, key=_by_number)}


def _by_number(name: str) -> tuple[str, int]:
    """Return a key that sorts ``edge_normal_2`` before ``edge_normal_10``."""
    kind, _, number = name.rpartition("_")
    return kind, int(number)


@reads(FETCH_AGAIN)
def _read_model(path: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202 (the library has no types)
    # Imported here, since the import is slow and only predictions need it.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    shapes = {each.name: each.shape for each in session.get_inputs()}
    if shapes != {"x_cat": [1, INPUTS], "x_cont": [1, 1]}:
        raise ValueError(f"a model with the inputs {shapes} is not the surrogate")
    return session

"""Read published proxy scores on NAS-Bench-101: NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022).

* The pinned file is the authors' first run: 500 draws of random matrices, without nwot and zen. After
  pruning, they are only 292 different cells (55 draws are the cell without inner vertices). A cell has the
  scores of its first draw; those of its other draws differ in weights and images. The official file is the
  final release. Only one of the two is read, because their scores are not interchangeable.
* The table of zen has 10,250 cells, the first ones by hash. It has no other proxy and no accuracy.

The draws keep the numbering of their vertices, which for 90 of them is not the benchmark's. If channels
cannot be divided evenly, the numbering changes the network. For 28 draws, of 26 cells, the parameters differ
from those of the trained network by up to 1 percent.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from zcrepro.benchmarks import _suite_zero
from zcrepro.benchmarks._base import parses, require_files
from zcrepro.spaces import nasbench101_graph as graph
from zcrepro.spaces.base import Arch
from zcrepro.spaces.nasbench101 import SPACE

FIRST_RUN = "nas-bench-suite-zero/zc_nasbench101.json"
FINAL = "official/nas-bench-suite-zero/zc_nasbench101.json"
RUNS = {FIRST_RUN: "NASLib first run", FINAL: "NASLib final release"}
ZEN = "nas-bench-suite-zero/nb101_zen.zip"
TASK = "cifar10"

NASLIB_INPUT, NASLIB_OUTPUT = 0, 1
NASLIB_LABELS = {4: 0, 3: 1, 2: 2}  # NASLib's number of an operation -> its label in the benchmark


class SuiteZeroNASBench101:
    """Recipe for published scores, and the counts among them, on CIFAR-10."""

    def released(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return published scores, see ``_base.Released``."""
        run = _run(files)
        zen = _suite_zero.archive_scores(files[ZEN], SPACE.name, TASK, decoded)
        parts = [_labelled(draws(files[run]), run), zen.assign(source="NASLib nb101_zen", file=ZEN)]
        return pd.concat(parts, ignore_index=True).assign(task=TASK).drop(columns="written")

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return counts, see ``_base.Counts``, without draws in another numbering than the benchmark's."""
        run = _run(files)
        drawn = draws(files[run])
        as_trained = drawn[drawn["written"] == drawn["arch"]]
        return _suite_zero.published_counts(_labelled(as_trained, run).assign(task=TASK))


def _run(files: Mapping[str, Path]) -> str:
    """Return which of the two runs is given.

    Raises ValueError unless the files are exactly one run and the table of zen.
    """
    run = FINAL if FINAL in files else FIRST_RUN
    require_files(files, [run, ZEN], "suite_zero_nasbench101")
    return run


def _labelled(drawn: pd.DataFrame, run: str) -> pd.DataFrame:
    """Return the first draw of each cell, with source and file."""
    return drawn.drop_duplicates("arch").assign(source=RUNS[run], file=run)


@parses
def draws(path: Path) -> pd.DataFrame:
    """Return every draw of a run.

    The columns are ``arch``, ``written`` (the text in the numbering of the draw), the 13 proxies (NaN if
    missing) and ``val_accuracy``, which is in percent and of one of three trainings.
    """
    entries = _suite_zero.json_entries(path, TASK)
    scores = _suite_zero.frame(entries.values())
    cells = [written(encoding) for encoding in entries]
    return scores.assign(arch=list(map(_published, cells)), written=list(map(SPACE.text, cells)))


def decoded(encoding: str) -> str:
    """Return the text of NASLib's encoding in the benchmark's numbering.

    Raises ValueError for other input.
    """
    return _published(written(encoding))


def _published(cell: Arch) -> str:
    return SPACE.text(graph.published(cell))


def written(encoding: str) -> Arch:
    """Return the pruned cell of NASLib's ``(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 4, 1)``, in NASLib's numbering.

    The encoding is a flattened n x n adjacency matrix, here 3 x 3, followed by n operations: 0 and 1 are the
    input and the output, 2 is maxpool3x3, 3 is conv1x1 and 4 is conv3x3. Raises ValueError for other input.
    """
    try:
        numbers = ast.literal_eval(encoding)
        vertices = int(len(numbers) ** 0.5)  # n, since n**2 < n**2 + n < (n + 1)**2
        adjacency = np.reshape(numbers[:-vertices], (vertices, vertices))
        first, *inner, last = numbers[-vertices:]
        labels = [NASLIB_LABELS[number] for number in inner]
    except (ValueError, SyntaxError, TypeError, KeyError) as error:
        raise ValueError(f"{encoding!r} is not NASLib's encoding of a NAS-Bench-101 cell") from error
    forward = np.isin(adjacency, (0, 1)).all() and not np.tril(adjacency).any()
    if not forward or (first, last) != (NASLIB_INPUT, NASLIB_OUTPUT):
        raise ValueError(f"{encoding!r} is not a graph from an input to an output")
    try:
        return graph.pruned(adjacency, labels)
    except ValueError as error:
        raise ValueError(f"{encoding!r}: {error}") from error


RECIPE = SuiteZeroNASBench101()

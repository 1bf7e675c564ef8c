"""Accuracies of 1,000 DARTS genotypes that the authors of SWAP trained (Peng et al., ICLR 2024).

Random genotypes, with the operation ``none`` and with both edges of a node from one source, whose
reduction cell equals the normal cell; CIFAR-10, 200 epochs, one accuracy each, which the authors call
validation accuracy. They do not say what network they trained. It is another than that of
NAS-Bench-301 (the best reaches 86.6, there 94.5), so these accuracies are a task of their own,
``cifar10-trained``, and never stand beside the predictions of the surrogate. Our network of them is
that of NAS-Bench-301 all the same.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import require_files
from zcrepro.files.csv import read_csv
from zcrepro.spaces.nasbench301 import SPACE

FILE = "darts/DARTS_archs_CIFAR10.csv"
TASK = "cifar10-trained"


class DARTSTrained:
    """Validation accuracies on CIFAR-10."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """See ``_base.Accuracies``. Raises ValueError for a row that is no genotype and accuracy."""
        require_files(files, [FILE], "darts_trained")
        table = read_csv(files[FILE], header=None)  # the file has no header
        if table.shape[1] != 2:
            raise ValueError(f"{files[FILE]} has {table.shape[1]} columns, expected genotype and accuracy")
        frame = pd.DataFrame({"arch": table[0].map(decoded), "accuracy": table[1]})
        frame["seeds"] = pd.Series(pd.NA, frame.index, "Int64")
        return frame.assign(task=TASK, metric="validation", source="SWAP, 200 epochs", file=FILE)


def decoded(genotype: str) -> str:
    """Our text of ``Genotype(normal=[('none', 0), ...], normal_concat=[2, 3, 4, 5], reduce=..., ...)``.

    It is read, never run. Raises ValueError for anything else.
    """
    try:
        call = ast.parse(genotype, mode="eval").body
        fields = {word.arg: ast.literal_eval(word.value) for word in call.keywords}  # type: ignore[attr-defined]
        cells = tuple(SPACE.genotype_cell(fields[name]) for name in ("normal", "reduce"))
        outputs = [fields[f"{name}_concat"] for name in ("normal", "reduce")]
    except (SyntaxError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{genotype!r} is not a DARTS genotype: {error}") from error
    if outputs != [list(SPACE.outputs(cell)) for cell in cells]:
        raise ValueError(f"{genotype!r} does not concatenate all nodes, as the cells of DARTS do")
    return SPACE.text(cells)


RECIPE = DARTSTrained()

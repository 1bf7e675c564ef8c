"""Read accuracies of 1,000 DARTS genotypes trained by the authors of SWAP (Peng et al., ICLR 2024).

These are random genotypes whose reduction cell equals the normal cell. They contain the operation ``none``
and nodes with both edges from one source node. Each was trained on CIFAR-10 for 200 epochs and has one
accuracy, which the authors call validation accuracy. The authors do not describe the network. It differs from
that of NAS-Bench-301: the best accuracy is 86.6, instead of 94.5. These accuracies are therefore a separate
task, ``cifar10-trained``, and are never compared with the predictions of the surrogate. The network built for
them here is nevertheless that of NAS-Bench-301.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import number, parses, require_files
from zcrepro.files.csv import read_csv
from zcrepro.files.errors import FETCH_AGAIN
from zcrepro.spaces.nasbench301 import SPACE

FILE = "darts/DARTS_archs_CIFAR10.csv"
TASK = "cifar10-trained"


class DARTSTrained:
    """Recipe for validation accuracies on CIFAR-10."""

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``.

        Raises ValueError if a row is not a genotype and an accuracy.
        """
        require_files(files, [FILE], "darts_trained")
        return _trained(files[FILE])


@parses
def _trained(path: Path) -> pd.DataFrame:
    table = read_csv(path, FETCH_AGAIN, header=None)  # the file has no header
    if table.shape[1] != 2:
        raise ValueError(f"{table.shape[1]} columns, expected genotype and accuracy")
    frame = pd.DataFrame({"arch": table[0].map(decoded), "accuracy": table[1].map(number)})
    frame["seeds"] = pd.Series(pd.NA, frame.index, "Int64")
    return frame.assign(task=TASK, metric="validation", source="SWAP, 200 epochs", file=FILE)


def decoded(genotype: str) -> str:
    """Return the text of the genotype in an expression of the authors' format.

    The format is ``Genotype(normal=[('none', 0), ...], normal_concat=[2, 3, 4, 5], reduce=..., ...)``. The
    expression is parsed, not evaluated. Raises ValueError for other input.
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

"""Formulas that were evolved in one search space, on the problems of that space and of others.

After Phan and Luong (2025), who evolve on NAS-Bench-101, NAS-Bench-201 and NAS-Bench-301 alone; their printed
values are not known.
"""

from collections.abc import Iterator

from zcrepro.report import _formulas, _training_sets, _wins
from zcrepro.report._base import Table
from zcrepro.report._formulas import METRIC, Formulas
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, absent

READS = ("generalization/srgp", "evolved/srgp/*")

METHOD = "srgp"


def rows(formulas: Formulas, context: Context) -> Iterator[Measured]:
    """Yield a row per training set whose problems are all of one space."""
    single = [name for name in formulas.training_sets if _training_sets.spaces(formulas.runs_of(name)) == 1]
    if not single:
        yield absent("evolved", "all problems", METRIC, "", "no training set is of one space alone")
    for training_set in single:
        yield from _training_sets.rows(formulas, training_set, context)


TABLE = Table(
    paper="SRGP",
    title="SRGP: evolved in a single search space",
    caption=(
        "Kendall's tau with accuracy: the mean over the runs of the evolution, with Student's t interval. "
        "In the space that a formula was evolved in, it is judged on architectures that no "
        f"evolution saw; the mark of these tells the own space from the others. {_training_sets.UNDEFINED} "
        f"{_wins.OF_RUNS} {_wins.RIVALS}"
    ),
    measure=_formulas.of_method(METHOD, rows),
)

"""Training sets beside each other: the mean over the runs of each, on every problem.

After Phan and Luong (2025), who compare a training set D with a larger and a smaller one. What theirs hold
is not known, and their printed values are not either.
"""

from collections.abc import Iterator

from zcrepro.report import _formulas, _training_sets, _wins
from zcrepro.report._base import Table
from zcrepro.report._formulas import Formulas
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured

READS = ("generalization/srgp", "evolved/srgp/*")

METHOD = "srgp"


def rows(formulas: Formulas, context: Context) -> Iterator[Measured]:
    """Yield a row per training set, those of several spaces first."""
    sets = formulas.training_sets
    for training_set in sorted(sets, key=lambda name: _training_sets.spaces(formulas.runs_of(name)) <= 1):
        yield from _training_sets.rows(formulas, training_set, context)


TABLE = Table(
    paper="SRGP",
    title="SRGP: what the formulas are evolved on",
    caption=(
        "Kendall's tau with accuracy: the mean over the runs of the evolution, with Student's t interval. "
        "If a formula was evolved in a problem's space, it is judged on architectures that no "
        f"evolution saw. {_training_sets.UNDEFINED} {_wins.OF_RUNS} {_wins.RIVALS}"
    ),
    measure=_formulas.of_method(METHOD, rows),
)

"""Search with and without a proxy's help: the best model after a number of trainings.

After section 4.2 of Abdelfattah et al. (ICLR 2021). Validation accuracy chooses the best model so far, and
its test accuracy is reported if the benchmark has one.
"""

from collections.abc import Iterator

from zcrepro.report._after import after
from zcrepro.report._base import Table
from zcrepro.report._searches import SEARCHES
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured

READS = ("search/zcp/*", "search/zcp_predictors/*")

FURTHER = {
    ("aging_evolution", "plain"): (150,),
    ("aging_evolution", "move"): (64, 80),
    ("aging_evolution", "warmup 15625"): (40,),
    ("binary_relation", "plain"): (62,),
}
"""Further numbers, at which the curves of the paper are read off."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per problem and method: the mean accuracy after numbers of trained models."""
    yield from after(context, SEARCHES, FURTHER)


TABLE = Table(
    paper="ZCP",
    title="Search: best model after a number of trainings",
    caption=(
        "Accuracy in percent of the best model so far, as validation accuracy chooses it: mean over the "
        "repeats of the search, with Student's t interval. A method is an algorithm, plain, or with a warmup "
        "or moves by a proxy. The policy of reinforce and its moves, the binary relation predictor's sizes, "
        "and the predictor are ours. The paper's values are read off its figure."
    ),
    measure=measure,
)

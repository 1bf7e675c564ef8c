"""Search with and without a proxy's help: the best model after a number of trainings.

After section 4.2 of Abdelfattah et al. (ICLR 2021). Validation accuracy chooses the best model so far, and
its test accuracy is reported if the benchmark has one.
"""

from collections.abc import Iterator

from zcrepro import registry
from zcrepro.problems.problem import EMBEDDED
from zcrepro.report import _searches, citations
from zcrepro.report._base import Table
from zcrepro.report._populations import embedded_note
from zcrepro.report._searches import SEARCHES, Curves
from zcrepro.report.context import Context
from zcrepro.report.entry import ALL, RUNS, SEARCH, Measured, absent, stated

READS = ("search/zcp*",)

TRAINED = (10, 50, 100, 200, 300)
"""Numbers of trained models for every method, as far as the budget goes."""

FURTHER = {
    ("aging_evolution", "plain"): (150,),
    ("aging_evolution", "move"): (64, 80),
    ("aging_evolution", "warmup 15625"): (40,),
    ("binary_relation", "plain"): (62,),
}
"""Further numbers, at which the curves of the paper are read off."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per problem and method: the mean accuracy after numbers of trained models."""
    found = list(_searches.curves(context.inputs))
    if not found:
        yield absent("search", _column(10), "best test accuracy", "", f"the run makes no {SEARCHES}/")
    highest: dict[str, Measured] = {}
    for curves in found:
        highest.setdefault(str(curves.problem), _highest(curves))
        for trained in _numbers(curves):
            yield _measured(curves, trained, context)
    yield from highest.values()


def _column(trained: int) -> str:
    return f"{trained} models"


def _numbers(curves: Curves) -> list[int]:
    """Return the numbers of trained models that have a column, the whole budget among them."""
    numbers = {*TRAINED, *FURTHER.get((curves.algorithm, curves.how), ()), curves.budget}
    return sorted(number for number in numbers if number <= curves.budget)


def _measured(curves: Curves, trained: int, context: Context) -> Measured:
    return Measured(
        row=f"{curves.problem} {curves.method}",
        column=_column(trained),
        metric=f"best {curves.metric} accuracy",
        value=float(curves.mean()[trained - 1]),
        n=curves.domain,
        population=_population(curves),
        notes=stated(_notes(curves)),
        interval=context.student_t(curves.accuracy[:, trained - 1]),
        interval_kind=RUNS,
        seeds=len(curves.accuracy),
        relation=ALL,
        problem=str(curves.problem),
        role=SEARCH,
        name=curves.method,
        cites=citations.of_problems([curves.problem]),
    )


def _highest(curves: Curves) -> Measured:
    """Return the entry of the best accuracy that there is."""
    return Measured(
        row=f"{curves.problem} best of all",
        column=_column(curves.budget),
        metric=f"best {curves.metric} accuracy",
        value=curves.highest,
        n=curves.domain,
        population=_population(curves),
        notes=(f"by {curves.metric} accuracy, which no search may look at",)
        if curves.metric == "test"
        else (),
        relation=ALL,
        problem=str(curves.problem),
        cites=citations.of_problems([curves.problem]),
    )


def _population(curves: Curves) -> str:
    space = curves.problem.space
    size = registry.get("space", space).size
    tabulated = f"the {curves.domain:,} of {size:,} architectures of {space} with accuracies and scores"
    return f"{tabulated}, {EMBEDDED} benchmark" if curves.problem.is_embedded else tabulated


def _notes(curves: Curves) -> Iterator[str]:
    yield f"mean over {len(curves.accuracy)} searches"
    if curves.metric == "validation":
        yield "the benchmark has validation accuracy only"
    if curves.labels:
        yield (
            f"its guide was evolved on {curves.labels} accuracies of this space, which the budget does not "
            "count"
        )
    yield embedded_note(curves.problem)


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

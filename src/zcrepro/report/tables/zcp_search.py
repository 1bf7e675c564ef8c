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

READS = ("search/*",)

FIRST = 10  # trained models: where the paper's warmup pays most
SHARES = (0.25, 0.5, 1.0)


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per problem and method: the mean accuracy early, and at shares of the budget."""
    found = list(_searches.curves(context.inputs))
    if not found:
        yield absent("search", _column(1.0), "best test accuracy", "", f"the run makes no {SEARCHES}/")
    for curves in found:
        for name, trained in _columns(curves.budget).items():
            yield _measured(curves, name, trained, context)


def _column(share: float) -> str:
    return f"{share:.0%} of the budget"


def _columns(budget: int) -> dict[str, int]:
    """Return the columns, and the number of trained models that each stands for."""
    first = {f"{FIRST} models": FIRST} if budget >= FIRST else {}
    return first | {_column(share): max(1, round(share * budget)) for share in SHARES}


def _measured(curves: Curves, name: str, trained: int, context: Context) -> Measured:
    space = curves.problem.space
    size = registry.get("space", space).size
    tabulated = f"the {curves.domain:,} of {size:,} architectures of {space} with accuracies and scores"
    return Measured(
        row=f"{curves.problem} {curves.method}",
        column=name,
        metric=f"best {curves.metric} accuracy",
        value=float(curves.mean()[trained - 1]),
        n=curves.domain,
        population=f"{tabulated}, {EMBEDDED} benchmark" if curves.problem.is_embedded else tabulated,
        notes=stated(_notes(curves, trained)),
        interval=context.student_t(curves.accuracy[:, trained - 1]),
        interval_kind=RUNS,
        seeds=len(curves.accuracy),
        relation=ALL,
        problem=str(curves.problem),
        role=SEARCH,
        name=curves.method,
        cites=citations.of_problems([curves.problem]),
    )


def _notes(curves: Curves, trained: int) -> Iterator[str]:
    yield f"{trained} of {curves.budget} trained models, mean over {len(curves.accuracy)} searches"
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
        "repeats of the search, with Student's t interval. A method is an algorithm and the proxy that "
        "guides it."
    ),
    measure=measure,
)

"""Search with and without a proxy's help: the best model after a number of trainings.

After section 4.2 of Abdelfattah et al. (ICLR 2021): validation accuracy chooses the best model so
far, its test accuracy is reported where the benchmark has one.
"""

from collections.abc import Iterator

from zcrepro import registry
from zcrepro.problems.problem import EMBEDDED
from zcrepro.report import _evolved, _searches
from zcrepro.report._base import Bootstrap, Table
from zcrepro.report._inputs import Inputs
from zcrepro.report._searches import Curves
from zcrepro.report.comparison import INITIALISATIONS, Measured, absent

FIRST = 10  # trained models: where the paper's warmup pays most
SHARES = (0.25, 0.5, 1.0)


def measure(inputs: Inputs, bootstrap: Bootstrap) -> Iterator[Measured]:
    """A row for each problem and method: the mean accuracy early, and at shares of the budget."""
    del bootstrap
    found = list(_searches.curves(inputs))
    if not found:
        yield absent("search", column(1.0), "best test accuracy", "", "the run makes no search/")
    for curves in found:
        for name, trained in columns(curves.budget).items():
            yield _measured(curves, name, trained)


def column(share: float) -> str:
    """How the column of a share of the budget is called."""
    return f"{share:.0%} of the budget"


def columns(budget: int) -> dict[str, int]:
    """The columns, and the number of trained models that each stands for."""
    first = {f"{FIRST} models": FIRST} if budget >= FIRST else {}
    return first | {column(share): max(1, round(share * budget)) for share in SHARES}


def _measured(curves: Curves, name: str, trained: int) -> Measured:
    low, high = curves.band()
    repeats = len(curves.accuracy)
    space = curves.problem.space
    size = registry.get("space", space).size
    tabulated = f"the {curves.domain:,} of {size:,} architectures of {space} with accuracies and scores"
    notes = [
        f"{trained} of {curves.budget} trained models; mean and 25/75 quantiles over {repeats} searches",
        "the benchmark has validation accuracy only" if curves.metric == "validation" else "",
        f"its guide was evolved on {curves.labels} accuracies of this space, which the budget does not count"
        if curves.labels
        else "",
        _evolved.embedded_note(curves.problem),
    ]
    return Measured(
        row=f"{curves.problem} {curves.method}",
        column=name,
        metric=f"best {curves.metric} accuracy",
        value=float(curves.mean()[trained - 1]),
        n=curves.domain,
        population=f"{tabulated}, {EMBEDDED} benchmark" if curves.problem.is_embedded else tabulated,
        note="; ".join(note for note in notes if note),
        interval=(float(low[trained - 1]), float(high[trained - 1])),
        interval_kind=INITIALISATIONS,
        seeds=repeats,
    )


TABLE = Table(
    paper="ZCP",
    title="Search: best model after a number of trainings",
    caption=(
        "Accuracy in percent of the best model so far, as validation accuracy chooses it: mean over the "
        "repeats of the search, with their 25/75 quantiles. A method is an algorithm and the proxy that "
        "guides it."
    ),
    measure=measure,
)

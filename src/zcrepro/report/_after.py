"""Entries of searches: the accuracy of the best model so far after numbers of trained models."""

from collections.abc import Collection, Iterator, Mapping

from zcrepro import registry
from zcrepro.problems.problem import EMBEDDED
from zcrepro.report import _searches, citations
from zcrepro.report._not_made import not_made
from zcrepro.report._populations import embedded_note
from zcrepro.report._searches import Curves
from zcrepro.report.context import Context
from zcrepro.report.entry import ALL, RUNS, SEARCH, Measured, absent, stated

TRAINED = (10, 50, 100, 200, 300)
"""Numbers of trained models for every method, as far as the budget goes."""

Further = Mapping[tuple[str, str], Collection[int]]
"""Further numbers by algorithm and by how it is helped."""


def after(context: Context, folder: str, further: Further) -> Iterator[Measured]:
    """Yield entries per problem and method of the searches below ``folder``, and the best accuracy."""
    found = list(_searches.curves(context.inputs, folder))
    if not found:
        yield absent("search", _column(TRAINED[0]), "best test accuracy", "", not_made(f"{folder}/"))
    highest: dict[str, Measured] = {}
    for curves in found:
        highest.setdefault(str(curves.problem), _highest(curves))
        for trained in _numbers(curves, further):
            yield _measured(curves, trained, context)
    yield from highest.values()


def _column(trained: int) -> str:
    return f"{trained} models"


def _numbers(curves: Curves, further: Further) -> list[int]:
    """Return the numbers of trained models that have a column, the whole budget among them."""
    numbers = {*TRAINED, *further.get((curves.algorithm, curves.how), ()), curves.budget}
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

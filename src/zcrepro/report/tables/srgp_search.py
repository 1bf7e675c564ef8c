"""Evolution with a proxy as its only objective: what it ends on, for evolved and hand-crafted proxies.

Phan and Luong (2025) search so. Their algorithm and their figures are not published.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from zcrepro.generalization.table import REGRET
from zcrepro.problems.problem import Problem
from zcrepro.report import citations
from zcrepro.report._base import Table
from zcrepro.report._ends import ACCURACY, FORMULA, ends
from zcrepro.report._formulas import Formulas, read_formulas
from zcrepro.report._live import LiveSearch, live_searches
from zcrepro.report._populations import describe, embedded_note
from zcrepro.report.context import Context
from zcrepro.report.entry import EVOLVED, HANDCRAFTED, RUNS, Measured, absent, stated
from zcrepro.searching.live import ACCURACY_OF, HIGHEST, OBJECTIVE
from zcrepro.searching.live import FORMULA as EXPRESSION

READS = ("search/srgp/*", "generalization/srgp", "evolved/srgp/*", "live/*")

METHOD = "srgp"

UNREACHED = {
    "Once-for-All": "a supernet and its accuracy predictor, which no pinned file has",
    "trained accuracies of what the search finds": "trainings of 600 epochs, for which no CPU suffices",
}
"""Experiments of the paper that need what is not there."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield entries per proxy and problem: the accuracy of what a search ends on, and its regret."""
    found = list(ends(context, "search/srgp"))
    yield from found
    searched = {entry.problem for entry in found}
    if (formulas := read_formulas(context.inputs, METHOD)) is not None:
        for problem in formulas.problems:
            if str(problem) not in searched:
                yield from _without_search(problem, formulas)
    live = [search for search in live_searches(context.inputs) if len(search.repeats) > 1]
    for search in live:
        yield from _live(search, _highest(search, live), context)
    for what, why in UNREACHED.items():
        yield absent(what, ACCURACY, ACCURACY, "", why)


def _without_search(problem: Problem, formulas: Formulas) -> Iterator[Measured]:
    """Yield the regrets of the best-scored architecture of a pool that is too small to be searched."""
    training_set = formulas.training_sets[0]
    rows = [row for _, row in formulas.of_handcrafted(problem, metric=REGRET).iterrows()]
    fittest = formulas.of_fittest(problem, training_set, REGRET)
    for row in [*rows, *([] if fittest is None else [fittest])]:
        evolved = row["method"] == METHOD
        regret = float(row["value"])
        yield Measured(
            row=FORMULA if evolved else str(row["name"]),
            column=f"{problem}, regret",
            metric=f"regret of {row['metric_of']} accuracy",
            value=regret,
            n=int(row["n"]),
            population=describe(problem, str(row["population"])),
            notes=stated(
                [
                    "no search: of the best-scored architecture of the pool",
                    f"evolved on {training_set}" if evolved else "",
                    "no score" if math.isnan(regret) else "",
                    embedded_note(problem),
                ]
            ),
            problem=str(problem),
            role=EVOLVED if evolved else HANDCRAFTED,
            name=FORMULA if evolved else str(row["name"]),
            cites=formulas.cites(problem),
        )


def _live(search: LiveSearch, highest: float, context: Context) -> Iterator[Measured]:
    """Yield the accuracy of what live searches end on, and its regret."""
    best = [search.best_first(rows).dropna(subset=["score", "accuracy"]).head(1) for rows in search.repeats]
    ends = np.array([rows["accuracy"].iloc[0] for rows in best if len(rows)])
    if len(ends):
        metric = search.made[ACCURACY_OF]
        yield _end(search, ACCURACY, metric, ends, context)
        yield _end(search, "regret", f"regret of {metric}", highest - ends, context)


def _end(search: LiveSearch, column: str, metric: str, values: np.ndarray, context: Context) -> Measured:
    evolved = bool(search.made[EXPRESSION])
    name = FORMULA if evolved else search.made[OBJECTIVE]
    return Measured(
        row=name,
        column=f"{search.problem} live, {column}",
        metric=metric,
        value=float(values.mean()),
        n=len(search.trace),
        population="the networks that the searches scored",
        notes=stated(
            [
                f"mean over {len(values)} live searches",
                "" if search.made[HIGHEST] else "the highest is that of all networks scored",
                embedded_note(search.problem),
            ]
        ),
        interval=context.student_t(values),
        interval_kind=RUNS,
        seeds=len(values),
        problem=str(search.problem),
        role=EVOLVED if evolved else HANDCRAFTED,
        name=name,
        cites=citations.of_problems([search.problem]),
    )


def _highest(search: LiveSearch, of: Sequence[LiveSearch]) -> float:
    """Return the highest accuracy of the benchmark, or of all that was scored if the benchmark has none."""
    if search.made[HIGHEST]:
        return float(search.made[HIGHEST])
    return max(float(other.trace["accuracy"].max()) for other in of if other.problem == search.problem)


TABLE = Table(
    paper="SRGP",
    title="Search by a proxy alone",
    caption=(
        "Accuracy in percent of the architecture of the best score that an evolution finds whose only "
        "objective is the score, and how far that is below the highest accuracy of all architectures. The "
        "formula is the one of its training set with the best training fitness. The paper names no "
        "algorithm: this is regularized evolution, 3,000 scores, a population of 64 and tournaments of 10 "
        "unless the run says otherwise. Means over the searches, with Student's t intervals. Where fewer "
        "than 3,000 architectures have accuracies and scores, there is no search: the regret is that of the "
        "architecture of the best score. A live search builds and scores networks as it goes. In the DARTS "
        "space, accuracies are predictions by YAHPO Gym's surrogate of NAS-Bench-301."
    ),
    measure=measure,
)

"""How much of a proxy's correlation is luck: other weights, other images and other sizes of the minibatch.

No paper has this table. All values of a problem are of the same architectures: those that every condition
and every draw has scored, by all 13 proxies of NAS-Bench-Suite-Zero.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.proxies.suite_zero import SUITE_ZERO
from zcrepro.ranking.correlation import kendall
from zcrepro.report import _scored, citations
from zcrepro.report._base import Table
from zcrepro.report._populations import embedded_note
from zcrepro.report.context import Context
from zcrepro.report.entry import ALL, ARCHITECTURES, UNDEFINED, Measured, absent, stated

WHERE = {
    "16 images": "features-batch-16",
    "256 images": "features-batch-256",
    "augmented images": "features-augmented",
    "weights of its own": "features-own-weights",
    "Kaiming weights": "features-kaiming",
    "Xavier weights": "features-xavier",
    "other images": "features-batches",
}
"""Conditions by their column, and the variants of the features that have their scores."""

READS = (
    "features/*",
    "features-batch-16/*",
    "features-batch-256/*",
    "features-augmented/*",
    "features-own-weights/*",
    "features-kaiming/*",
    "features-xavier/*",
    "features-batches/*",
    "accuracies/{space}",
)

FEATURES, PLAIN, WEIGHTS, IMAGES = "features", "tau", "other weights", "other images"
TAU, RANGE = "kendall", "range of kendall"
METRIC = "test"

STUDIED = Problem("nasbench201", "cifar10")
"""The problem whose conditions are named if they are missing."""

NOTES = {
    PLAIN: "the first draw, on 64 images that all architectures see",
    WEIGHTS: "the largest tau of the draws of the initial weights minus the smallest, on the same images",
    IMAGES: "the largest tau of the draws of the images minus the smallest, with the same weights",
    "augmented images": "each architecture sees images of its own, cropped and mirrored at random, as in ZCP",
    "weights of its own": "equal graphs draw weights of their own, as in the papers",
    "Kaiming weights": "initial weights of variance 2 / fan-in, in place of torch's 1 / (3 fan-in)",
    "Xavier weights": "initial weights of variance 2 / (fan-in + fan-out)",
}


@dataclass(frozen=True)
class Scored:
    """The scores of a problem under each condition, of the architectures that all of them have.

    ``conditions`` holds a frame per draw, by the column of the condition; the plain scores are PLAIN.
    """

    problem: Problem
    conditions: Mapping[str, list[pd.DataFrame]]
    total: int


def measure(context: Context) -> Iterator[Measured]:
    """Yield a row per proxy and problem; what a run does not make is an entry that says so."""
    problems = _problems(context)
    for scored in (_scored_problem(context, problem) for problem in problems):
        for proxy in SUITE_ZERO:
            yield from _of_proxy(scored, proxy, context)
    if STUDIED not in problems:
        missing = f"the run makes no {FEATURES}/{STUDIED} with all {len(SUITE_ZERO)} proxies"
        yield absent(SUITE_ZERO[0], PLAIN, TAU, str(STUDIED), missing)
        return
    for column, folder in WHERE.items():
        if missing := context.inputs.missing(f"{folder}/{STUDIED}"):
            metric = RANGE if column == IMAGES else TAU
            yield from (absent(proxy, column, metric, str(STUDIED), missing) for proxy in SUITE_ZERO)


def _problems(context: Context) -> list[Problem]:
    """Return the problems with test accuracies and with scores by all proxies."""
    problems = [Problem.parse(name.removeprefix(f"{FEATURES}/")) for name in context.inputs.names(FEATURES)]
    return [
        problem
        for problem in problems
        if {*SUITE_ZERO} <= {*context.inputs.frame(f"{FEATURES}/{problem}")}
        and not isinstance(
            _scored.own_draws(context.inputs, f"{FEATURES}/{problem}", problem.task, METRIC), str
        )
    ]


def _scored_problem(context: Context, problem: Problem) -> Scored:
    conditions, total = {}, 0
    for column, folder in {PLAIN: FEATURES, **WHERE}.items():
        draws = _scored.own_draws(context.inputs, f"{folder}/{problem}", problem.task, METRIC)
        if not isinstance(draws, str):
            conditions[column], total = draws
    everything = [draw for draws in conditions.values() for draw in draws]
    kept = iter(_scored.of_every_draw(everything, SUITE_ZERO))
    return Scored(problem, {column: [next(kept) for _ in of] for column, of in conditions.items()}, total)


def _of_proxy(scored: Scored, proxy: str, context: Context) -> Iterator[Measured]:
    columns = list(scored.conditions)
    frames = [draw for draws in scored.conditions.values() for draw in draws]
    scores, accuracy, graphs = _scored.defined(frames, [proxy])
    ends = np.cumsum([len(draws) for draws in scored.conditions.values()])[:-1]
    drawn = dict(zip(columns, np.split(scores[:, 0], ends), strict=True))
    for column, draws in drawn.items():
        if column != IMAGES:
            interval = context.bootstrap(
                kendall, draws[0], accuracy, graphs, "proxy_sensitivity", str(scored.problem)
            )
            yield _entry(scored, proxy, column, TAU, kendall(draws[0], accuracy), interval, len(accuracy), 1)
    for column, condition in {WEIGHTS: PLAIN, IMAGES: IMAGES}.items():
        if condition in drawn and len(drawn[condition]) > 1:
            draws = drawn[condition]
            spread = float(np.ptp([kendall(draw, accuracy) for draw in draws]))
            yield _entry(scored, proxy, column, RANGE, spread, UNDEFINED, len(accuracy), len(draws))


def _entry(
    scored: Scored,
    proxy: str,
    column: str,
    metric: str,
    value: float,
    interval: tuple[float, float],
    n: int,
    seeds: int,
) -> Measured:
    population, relation = _scored.of_prefix(len(scored.conditions[PLAIN][0]), scored.total)
    if relation == ALL:  # no architecture is left to draw
        interval = UNDEFINED
    return Measured(
        row=proxy,
        column=column,
        metric=metric,
        value=value,
        n=n,
        population=population,
        series=str(scored.problem),
        notes=stated([NOTES.get(column, ""), embedded_note(scored.problem)]),
        interval=interval,
        interval_kind="" if np.isnan(interval).any() else ARCHITECTURES,
        seeds=seeds,
        relation=relation,
        total=scored.total,
        problem=str(scored.problem),
        cites=citations.of_problems([scored.problem]),
    )


TABLE = Table(
    paper="zcrepro",
    title="How much of a proxy's correlation is luck",
    caption=(
        "Kendall correlation of each of the 13 proxies with test accuracy, and how far it moves with the "
        "initial weights, the images and the size of the minibatch, on the same architectures."
    ),
    measure=measure,
)

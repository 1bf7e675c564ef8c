"""What a live search has found after some minutes, and what the network costs at full size.

Phan and Luong (2025) say that their evolved proxy drives a search to a good network within 15 minutes.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from zcrepro import registry
from zcrepro.report import citations
from zcrepro.report._base import Table
from zcrepro.report._live import LIVE, LiveSearch, live_searches
from zcrepro.report._not_made import not_made
from zcrepro.report._populations import embedded_note
from zcrepro.report.context import Context
from zcrepro.report.entry import EVOLVED, SEARCH, Measured, absent, stated
from zcrepro.searching.live import ACCURACY_OF, FORMULA, HIGHEST, MINUTES, OBJECTIVE
from zcrepro.spaces.base import Arch, Space

READS = ("live/*",)

MARKS = (1, 5, 15)
"""Minutes after which a search is looked at, besides its end."""

END = "end"

DARTS, FULL_SIZE = "nasbench301", "nds_darts"
"""The space of DARTS genotypes, and that in which they have a width and a depth."""

SIZES = {"cifar10": ("CIFAR-10", 36, 20), "ImageNet": ("ImageNet", 48, 14)}
"""Tasks in the second space: their names, and width and depth of the networks that DARTS trains for them."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield a row per search: networks, accuracy and regret after each time, and the size at full scale."""
    found = [search for search in live_searches(context.inputs) if len(search.repeats) == 1]
    if not found:
        yield absent("live searches", END, "accuracy", "", not_made(f"{LIVE}/"))
    for search in found:
        for mark, minutes in _marks(search).items():
            scored = search.best_first(search.trace[search.trace["seconds"] <= 60 * minutes])
            yield from _after(search, mark, scored)
        if search.problem.space == DARTS and scored["score"].notna().any():
            yield from _full_size(search, scored["arch"].iloc[0], len(scored))


def _marks(search: LiveSearch) -> dict[str, float]:
    """Return the times to look at, in minutes, by their names."""
    limit = float(search.made[MINUTES])
    times = [*(mark for mark in MARKS if mark < limit), limit]
    return {f"{mark:g} min": mark for mark in times} if limit else {END: np.inf}


def _after(search: LiveSearch, mark: str, scored: pd.DataFrame) -> Iterator[Measured]:
    count = len(scored)
    yield _entry(search, f"networks, {mark}", "architectures", count, count)
    best = scored.dropna(subset=["score", "accuracy"]).head(1)
    for place, arch, accuracy in zip(best.index, best["arch"], best["accuracy"], strict=True):
        passed = f"better-scored networks without a known accuracy: {place}" if place else ""
        metric, of = search.made[ACCURACY_OF], f"of {arch}".replace("; ", ", ")
        yield _entry(search, f"accuracy, {mark}", metric, accuracy, count, of, passed)
        if search.made[HIGHEST]:
            regret = float(search.made[HIGHEST]) - accuracy
            yield _entry(search, f"regret, {mark}", f"regret of {metric}", regret, count, passed)


def _full_size(search: LiveSearch, text: str, scored: int) -> Iterator[Measured]:
    """Yield parameters and multiply-adds of the genotype that a search ends on, as DARTS trains it."""
    genotype = registry.get("space", DARTS).parse(text)
    space: Space = registry.get("space", FULL_SIZE)
    for task, (name, width, depth) in SIZES.items():
        arch = (*genotype[:2], width, depth)
        said = f"{depth} cells, {width} channels, without an auxiliary head"
        params, flops = space.parameters(arch, task) / 1e6, space.flops(arch, task) / 1e6
        metric = "parameters in millions"
        yield _entry(search, f"parameters, {name}", metric, params, scored, _usual(genotype), said)
        yield _entry(search, f"multiply-adds, {name}", "multiply-adds in millions", flops, scored, said)


def _usual(genotype: Arch) -> str:
    """Return a genotype in the notation of DARTS."""
    cells = [
        f"{name}=[{', '.join(f'({op!r}, {source})' for node in cell for source, op in node)}], "
        f"{name}_concat=range(2, 6)"
        for name, cell in zip(("normal", "reduce"), genotype, strict=False)
    ]
    return f"Genotype({', '.join(cells)})"


def _entry(search: LiveSearch, column: str, metric: str, value: float, n: int, *notes: str) -> Measured:
    formula = search.made[FORMULA]
    return Measured(
        row=f"{search.problem} {search.made[OBJECTIVE]}",
        column=column,
        metric=metric,
        value=value,
        n=n,
        population="the architectures that one search had scored",
        notes=stated([*notes, embedded_note(search.problem)]),
        seeds=1,
        problem=str(search.problem),
        role=EVOLVED if formula else SEARCH,
        name=search.made[OBJECTIVE],
        cites=citations.of_problems([search.problem]),
    )


TABLE = Table(
    paper="SRGP",
    title="Fifteen minutes of search",
    caption=(
        "What a search has found that builds and scores networks as it goes, after 1, 5 and 15 minutes, on "
        "one CPU core unless the record says otherwise: networks scored, accuracy in percent of the one of "
        "the best score, and how far that is below the highest accuracy of the benchmark. The search is "
        "regularized evolution, whose only objective is the formula. The paper gives no figures of its own "
        "search. In the DARTS space, accuracies are predictions by YAHPO Gym's surrogate of NAS-Bench-301, "
        "and the genotype is given with its size as DARTS trains it."
    ),
    measure=measure,
)

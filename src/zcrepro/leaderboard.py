"""Judge formulas, models and single proxies that learnt from the same few labels, sample by sample.

A sample is a draw of training architectures, on which each training set evolved one formula. Everything is
judged by test accuracy on the graphs that the sample does not hold, and on resamples of them. See
``docs/reproduction/leaderboard_nasbench201.md``.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import rankdata

from zcrepro import provenance, seeds, settings
from zcrepro.files import parquet
from zcrepro.formulas.evolved import EvolvedProxy, load_formula
from zcrepro.formulas.normalisation import POPULATION, Normalisation, is_count
from zcrepro.problems.accuracies import CHOOSING, REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Files, Rows, completing, files_of, read
from zcrepro.problems.split import DrawnBy, Split, draw
from zcrepro.progress import track
from zcrepro.ranking.intervals import resampled_rows
from zcrepro.ranking.vote import log_rank_sum, rank_sum
from zcrepro.ranking.with_one import KendallWith

FORMULA, EXTRA_TREES, SVR = "formula", "ExtraTrees", "support vector regression"
PROXY, COUNT, AGGREGATE, CEILING = "proxy", "count", "aggregate", "ceiling"

AZ_NAS = ("az_expressivity", "az_progressivity", "az_trainability", "flops")
AGGREGATES = {
    "AZ-NAS": AZ_NAS,
    "synflow and AZ-NAS": ("synflow", *AZ_NAS),
}
"""Aggregates without labels: sums of the logarithms of ranks by these proxies (Lee and Ham, CVPR 2024)."""

TENTH = 0.1

RESAMPLES = 10
"""Resamples of the graphs for each sample of labels."""

SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("entry", pa.string()),
        ("inputs", pa.string()),
        ("population", pa.string()),
        ("problem", pa.string()),
        ("sample", pa.int64()),
        ("kendall", pa.float64()),
        ("best_tenth", pa.float64()),
        ("resampled", pa.list_(pa.float64())),
        ("n", pa.int64()),
        ("labels", pa.int64()),
        ("formula", pa.string()),
        ("size", pa.int64()),
    ]
)
"""``kendall`` is with test accuracy on the ``n`` held-out architectures, and ``best_tenth`` among the best
tenth of them. ``resampled`` is ``kendall`` on resamples of the graphs, the same ones for all entries of a
sample. ``inputs`` is the training set, for what learns from labels."""

KEY = ["population", "kind", "entry", "inputs", "problem", "sample"]


@dataclass(frozen=True)
class LeaderboardSettings:
    """What is judged.

    ``problems`` maps each problem, written space/task, to that whose scores are read, and ``architectures``
    to the number of its labels. What has equal probabilities in their draw is ``drawn_by``. ``inputs`` are
    those of each training set. ``source`` is one of SOURCES in ``zcrepro.problems.scores``. ``completed`` are
    the problems for which scores of our own fill what was not published.
    """

    name: str
    problems: dict[str, str]
    architectures: dict[str, int]
    drawn_by: DrawnBy
    inputs: dict[str, list[str]]
    source: str
    completed: list[str]
    population: str
    handcrafted: list[str]
    counts: list[str]
    seed: int
    max_undefined_share: float

    @property
    def proxies(self) -> list[str]:
        """The hand-crafted proxies, and those that are inputs of a training set."""
        inputs = (name for of in self.inputs.values() for name in of if not is_count(name))
        return list(dict.fromkeys([*self.handcrafted, *inputs]))


def lead(
    *,
    settings_file: Path,
    evolved: list[Path],
    accuracies: list[Path],
    scores: list[Path],
    structure: list[Path],
    computed: Sequence[Path] = (),
    output: Path,
) -> None:
    """Judge formulas of several training sets, and models and proxies beside them.

    Parameters
    ----------
    settings_file
        JSON of LeaderboardSettings.
    evolved
        JSON of evolved formulas: the repeats of every training set, each on a sample of its own.
    accuracies, scores, structure
        Parquet of accuracies, of scores and of structural counts, one each for every problem.
    computed
        Parquet of our features, one for each problem of the setting ``completed``, in its order.
    output
        Parquet: one row per entry, problem and sample.
    """
    chosen = settings.load(settings_file, LeaderboardSettings)
    metadata = provenance.metadata("lead", settings.as_mapping(chosen))
    files = files_of(
        list(chosen.problems.values()),
        accuracies,
        scores,
        structure,
        source=chosen.source,
        completed=completing(chosen.completed, computed),
    )
    proxies = [load_formula(path) for path in evolved]
    benchmark = Benchmark.read(chosen, files)
    rows: list[dict[str, Any]] = []
    for sample in track(sorted({proxy.repeat for proxy in proxies}), f"leaderboard {chosen.name}"):
        of_sample = [proxy for proxy in proxies if proxy.repeat == sample]
        rows += (row | {"sample": sample} for row in _Sample(chosen, benchmark, sample, of_sample).rows())
    frame = pd.DataFrame(rows).assign(population=chosen.population)
    parquet.write(output, frame.reindex(columns=SCHEMA.names), SCHEMA, KEY, metadata)


@dataclass(frozen=True)
class Benchmark:
    """The rows of each problem, with validation accuracy for training and with test accuracy for judging.

    Their scores are standardised over all rows.
    """

    choosing: Sequence[Rows]
    reporting: Sequence[Rows]

    @classmethod
    def read(cls, chosen: LeaderboardSettings, files: Sequence[Files]) -> "Benchmark":
        """Return the rows that have every score that anything needs."""
        problems = [Problem.parse(text) for text in chosen.problems]
        wanted = [*chosen.proxies, *chosen.counts]
        share = chosen.max_undefined_share

        def rows(metrics: Sequence[str]) -> list[Rows]:
            return [
                read(problem, of, wanted, metrics=metrics, max_undefined_share=share)
                for problem, of in zip(problems, files, strict=True)
            ]

        return cls(rows(CHOOSING), rows(REPORTING))


@dataclass(frozen=True)
class _Sample:
    """What is judged on one sample of labels."""

    chosen: LeaderboardSettings
    benchmark: Benchmark
    number: int
    formulas: Sequence[EvolvedProxy]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of all entries."""
        reporting = self.benchmark.reporting
        for proxy in self.formulas:
            values = [proxy.values(rows.columns, len(rows)) for rows in reporting]
            entry = {"kind": FORMULA, "entry": FORMULA, "inputs": proxy.training_set, "size": proxy.size}
            # A training set without scores may hold an architecture of which a score is undefined: its split
            # is then another one.
            yield from self._judged(entry | {"formula": str(proxy.formula)}, values, proxy.split)
        training, split = draw(
            self.benchmark.choosing,
            [self.chosen.architectures[problem] for problem in self.chosen.problems],
            seeds.derive(self.chosen.seed, "sample", self.number),
            self.chosen.drawn_by,
        )
        for entry, values in self._others(training):
            yield from self._judged(entry, values, split)

    def _judged(
        self, entry: dict[str, Any], values: Sequence[np.ndarray], split: Split
    ) -> Iterator[dict[str, Any]]:
        """Yield the row of an entry for each problem."""
        labels = sum(self.chosen.architectures.values())
        for rows, of_problem, resamples in zip(
            self.benchmark.reporting, values, self._resamples, strict=True
        ):
            held_out = split.held_out(rows.problem.space, rows.graph)
            yield (
                {"labels": labels, "formula": "", "size": 1, "inputs": ""}
                | entry
                | _row(rows, of_problem, held_out, resamples)
            )

    @cached_property
    def _resamples(self) -> list[list[np.ndarray]]:
        """The rows of each resample of the graphs, by problem."""
        return [
            list(
                resampled_rows(
                    rows.graph,
                    RESAMPLES,
                    seeds.numpy_generator(self.chosen.seed, "graphs", str(rows.problem), self.number),
                )
            )
            for rows in self.benchmark.reporting
        ]

    def _others(self, training: Sequence[Rows]) -> Iterator[tuple[dict[str, Any], list[np.ndarray]]]:
        """Yield each entry that is no formula, with its values on the rows of each problem."""
        reporting = self.benchmark.reporting
        for training_set, inputs in self.chosen.inputs.items():
            data = _Standardised(training, self.benchmark, inputs)
            for kind, model in ((EXTRA_TREES, _extra_trees), (SVR, _support_vectors)):
                predicted = data.predicted(model, seeds.derive(self.chosen.seed, kind, self.number))
                yield {"kind": kind, "entry": kind, "inputs": training_set}, predicted
        for kind, names in ((PROXY, self.chosen.proxies), (COUNT, self.chosen.counts)):
            for name in names:
                taus = [KendallWith(rows.accuracy)(rows.columns[name]) for rows in training]
                sign = -1.0 if sum(tau for tau in taus if not math.isnan(tau)) < 0 else 1.0
                yield {"kind": kind, "entry": name}, [sign * rows.columns[name] for rows in reporting]
        yield from self._without_labels()

    def _without_labels(self) -> Iterator[tuple[dict[str, Any], list[np.ndarray]]]:
        """Yield the entries that learn from no labels: aggregates of scores, and ceilings."""
        choosing, reporting = self.benchmark.choosing, self.benchmark.reporting
        ranked = [rank_sum(_stacked(rows, self.chosen.handcrafted)) for rows in reporting]
        yield {"kind": AGGREGATE, "entry": "rank sum of all scores", "labels": 0}, ranked
        for name, proxies in AGGREGATES.items():
            if set(proxies) <= set(reporting[0].columns):
                summed = [log_rank_sum(_stacked(rows, proxies)) for rows in reporting]
                yield {"kind": AGGREGATE, "entry": name, "labels": 0}, summed
        known = [dict(zip(rows.arch, rows.accuracy, strict=True)) for rows in choosing]
        validation = [
            np.array([of[arch] for arch in rows.arch]) for of, rows in zip(known, reporting, strict=True)
        ]
        yield {"kind": CEILING, "entry": "validation accuracy", "labels": 0}, validation
        twins = [_of_next_with_equal_graph(rows) for rows in reporting]
        if not all(np.isnan(of).all() for of in twins):
            yield {"kind": CEILING, "entry": "another training of the same graph", "labels": 0}, twins


def _row(
    rows: Rows, values: np.ndarray, held_out: np.ndarray, resamples: Sequence[np.ndarray]
) -> dict[str, Any]:
    """Return Kendall's tau on the held-out rows of a problem, among the best tenth, and on resamples."""
    kept = held_out & ~np.isnan(values)
    x, y = values[kept], rows.accuracy[kept]
    best = y >= (np.quantile(y, 1 - TENTH) if len(y) else math.nan)
    drawn = [places[kept[places]] for places in resamples]
    return {
        "problem": str(rows.problem),
        "kendall": KendallWith(y)(x),
        "best_tenth": KendallWith(y[best])(x[best]),
        "resampled": [KendallWith(rows.accuracy[places])(values[places]) for places in drawn],
        "n": int(kept.sum()),
    }


def _of_next_with_equal_graph(rows: Rows) -> np.ndarray:
    """Return for each row the accuracy of the next row with an equal graph, or NaN if there is no other.

    Architectures with equal graphs were trained apart: they are the same network from other seeds.
    """
    frame = pd.DataFrame({"graph": rows.graph, "accuracy": rows.accuracy})
    of_graph = frame.groupby("graph")["accuracy"]
    following = of_graph.shift(-1).fillna(of_graph.transform("first"))
    return following.where(of_graph.transform("size") > 1).to_numpy(np.float64)


Model = Callable[[int], Any]


class _Standardised:
    """The labels of a sample as inputs and targets of a regression.

    The target is the rank of the validation accuracy within its problem, in (0, 1].
    """

    def __init__(self, training: Sequence[Rows], benchmark: Benchmark, names: Sequence[str]) -> None:
        normalisation = Normalisation(POPULATION)

        def matrix(rows: Rows) -> np.ndarray:
            return np.stack(list(normalisation.inputs(rows.columns, names, len(rows)).values()), axis=1)

        self._judged = [matrix(rows) for rows in benchmark.reporting]
        whole = [matrix(rows) for rows in benchmark.choosing]
        drawn = [
            pd.Index(rows.arch).isin(of.arch) for rows, of in zip(benchmark.choosing, training, strict=True)
        ]
        self._inputs = np.concatenate([of[kept] for of, kept in zip(whole, drawn, strict=True)])
        self._targets = np.concatenate([rankdata(rows.accuracy) / len(rows) for rows in training])

    def predicted(self, model: Model, seed: int) -> list[np.ndarray]:
        """Return what a model, fitted to the labels, predicts for the rows of each problem."""
        fitted = model(seed % 2**31).fit(self._inputs, self._targets)
        return [np.asarray(fitted.predict(inputs), np.float64) for inputs in self._judged]


def _extra_trees(seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    return ExtraTreesRegressor(500, min_samples_leaf=2, random_state=seed)


def _support_vectors(seed: int) -> Any:
    from sklearn import svm
    from sklearn.model_selection import GridSearchCV, KFold

    grid = {"C": [0.1, 0.3, 1, 3, 10], "gamma": [0.003, 0.01, 0.03, 0.1], "epsilon": [0.05]}
    return GridSearchCV(svm.SVR(), grid, cv=KFold(5, shuffle=True, random_state=seed))


def _stacked(rows: Rows, names: Sequence[str]) -> np.ndarray:
    """Return the scores that are no counts, (proxies, architectures)."""
    return np.stack([rows.columns[name] for name in names if not is_count(name)])

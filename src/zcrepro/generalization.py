"""Correlate formulas and hand-crafted proxies with accuracy, on problems of their training set and others.

The accuracy is test accuracy if the benchmark has it. All methods are judged on the same architectures of a
problem: those that have every score that any of them needs. Their intervals come from the same resamples.
Architectures on which a formula itself has no value are left out for that formula and counted in
``undefined``. If the scores have several draws, a correlation is the mean over the draws.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from zcrepro import provenance, seeds, settings
from zcrepro.files import parquet
from zcrepro.formulas.evolved import EvolvedProxy, load_proxy
from zcrepro.formulas.formula import Formula
from zcrepro.problems.accuracies import REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows, check_parallel, read_draws
from zcrepro.problems.scores import offered, score_names
from zcrepro.problems.split import Split
from zcrepro.progress import track
from zcrepro.ranking.correlation import kendall, mean_over_draws, spearman
from zcrepro.ranking.intervals import Options, bootstrap

SCHEMA = pa.schema(
    [
        ("method", pa.string()),
        ("name", pa.string()),
        ("training_set", pa.string()),
        ("repeat", pa.int64()),
        ("problem", pa.string()),
        ("population", pa.string()),
        ("metric", pa.string()),
        ("metric_of", pa.string()),
        ("value", pa.float64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
        ("draws", pa.int64()),
        ("lowest", pa.float64()),
        ("highest", pa.float64()),
        ("n", pa.int64()),
        ("undefined", pa.int64()),
        ("status", pa.string()),
        ("formula", pa.string()),
        ("size", pa.int64()),
    ]
)

KEY = ["method", "name", "training_set", "problem", "population", "metric"]

STATISTICS = {"kendall": kendall, "spearman": spearman}

HANDCRAFTED = "hand-crafted"  # the method of a proxy that was not evolved
ALL, HELD_OUT = "all", "held out"


@dataclass(frozen=True, kw_only=True)
class GeneralizeSettings(Options):
    """The ``problems`` (space/task), and the hand-crafted proxies to compare with.

    ``source`` is one of SOURCES in ``zcrepro.problems.scores``.
    """

    problems: list[str]
    source: str
    handcrafted: list[str]
    seed: int
    max_undefined_share: float


@dataclass(frozen=True)
class Judged:
    """A formula, or a hand-crafted proxy as a formula of itself.

    ``training_set`` is the one whose graphs are held out. A hand-crafted proxy has none of its own, which
    the empty text says, and is also judged beside the formulas of every training set.
    """

    method: str
    name: str
    training_set: str
    repeat: int | None
    formula: Formula


@dataclass(frozen=True)
class Population:
    """The rows of a problem that are judged, a boolean mask, and the number of those that lack a score."""

    name: str
    kept: np.ndarray
    left_out: int


def generalize(
    *, settings_file: Path, evolved: list[Path], accuracies: list[Path], scores: list[Path], output: Path
) -> None:
    """Correlate evolved and hand-crafted proxies with accuracy on every problem.

    Parameters
    ----------
    settings_file
        JSON of GeneralizeSettings.
    evolved
        JSON of evolved formulas.
    accuracies
        Parquet of accuracies, one for each of the settings' problems, in their order.
    scores
        Parquet of released scores or of features, one for each problem, in the same order.
    output
        Parquet: one row a method, problem, population and correlation, with its interval over
        architectures, and the lowest and highest value of a single draw.
    """
    chosen = settings.load(settings_file, GeneralizeSettings)
    metadata = provenance.metadata("generalize", settings.as_mapping(chosen))
    named = [Problem.parse(text) for text in chosen.problems]
    check_parallel(named, accuracies, scores)
    proxies = [load_proxy(path) for path in evolved]
    splits = _splits(proxies)
    _check_names(chosen, proxies, scores)
    rows: list[dict[str, Any]] = []
    problems = list(zip(named, accuracies, scores, strict=True))
    for problem in track(problems, "generalization"):
        rows += _of_problem(*problem, chosen, proxies, splits)
    frame = pd.DataFrame(rows, columns=SCHEMA.names).astype({"repeat": "Int64"})
    parquet.write(output, frame, SCHEMA, KEY, metadata)


def _splits(proxies: Sequence[EvolvedProxy]) -> dict[str, Split]:
    """Return the split of each training set. Raises ValueError if two files of one set disagree."""
    found: dict[str, Split] = {}
    for proxy in proxies:
        if found.setdefault(proxy.training_set, proxy.split) != proxy.split:
            raise ValueError(
                f"{proxy.name} was evolved on other architectures than the rest of the training set "
                f"{proxy.training_set}; evolve all its repeats with the same problems, architectures and seed"
            )
    return found


def _check_names(chosen: GeneralizeSettings, proxies: Sequence[EvolvedProxy], scores: Sequence[Path]) -> None:
    """Raise ValueError for a proxy that no problem has. If only some lack it, the table says so."""
    known = {name for path in scores for name in score_names(path)}
    for name in [*chosen.handcrafted, *(name for proxy in proxies for name in proxy.terminals)]:
        if name not in known:
            raise ValueError(settings.unknown_name("proxy", name, known))


def _of_problem(
    problem: Problem,
    accuracies: Path,
    scores: Path,
    chosen: GeneralizeSettings,
    proxies: Sequence[EvolvedProxy],
    splits: dict[str, Split],
) -> Iterator[dict[str, Any]]:
    evolved = [Judged(p.method, p.name, p.training_set, p.repeat, p.formula) for p in proxies]
    needed = {name for one in evolved for name in one.formula.terminals} | set(chosen.handcrafted)
    names = offered(problem, scores, sorted(needed))
    draws = read_draws(
        problem,
        accuracies,
        scores,
        names,
        source=chosen.source,
        metrics=REPORTING,
        max_undefined_share=chosen.max_undefined_share,
    )
    rows = draws[0]
    everything = Population(ALL, np.ones(len(rows), np.bool_), len(rows.left_out))
    for one in (*evolved, *_handcrafted(chosen, "")):
        yield from _correlations(one, draws, everything, chosen)
    for training_set, split in sorted(splits.items()):
        if problem.space not in split.cutoffs:
            continue
        unseen = int(split.held_out(problem.space, np.array(list(rows.left_out.values()), object)).sum())
        held_out = Population(HELD_OUT, split.held_out(problem.space, rows.graph), unseen)
        trained = [one for one in evolved if one.training_set == training_set]
        for one in (*trained, *_handcrafted(chosen, training_set)):
            yield from _correlations(one, draws, held_out, chosen)


def _handcrafted(chosen: GeneralizeSettings, training_set: str) -> list[Judged]:
    return [Judged(HANDCRAFTED, name, training_set, None, Formula((name,))) for name in chosen.handcrafted]


def _correlations(
    one: Judged, draws: Sequence[Rows], population: Population, chosen: GeneralizeSettings
) -> Iterator[dict[str, Any]]:
    """Yield a row for each correlation; the status says why if it is undefined."""
    rows, size = draws[0], int(population.kept.sum())
    missing = [name for name in one.formula.terminals if name not in rows.columns]
    values = np.full((len(draws), len(rows)), np.nan)
    if not missing:
        values = np.stack([one.formula.evaluate(draw.columns) for draw in draws])
    kept = population.kept & ~np.isnan(values).any(axis=0)
    n = int(kept.sum())
    data = values[:, kept], rows.accuracy[kept]
    for metric, statistic in STATISTICS.items():
        by_draw = [statistic(draw, data[1]) for draw in data[0]]
        value = float(np.mean(by_draw))
        # The key names the population and not the method, so that all have the same resamples.
        rng = seeds.numpy_generator(chosen.seed, "interval", str(rows.problem), population.name)
        bounds = math.nan, math.nan
        if not math.isnan(value):
            bounds = bootstrap(
                mean_over_draws(statistic), *data, rows.graph[kept], chosen.resamples, rng, chosen.level
            )
        yield {
            "method": one.method,
            "name": one.name,
            "training_set": one.training_set,
            "repeat": one.repeat,
            "problem": str(rows.problem),
            "population": population.name,
            "metric": metric,
            "metric_of": rows.metric,
            "value": value,
            "ci_low": bounds[0],
            "ci_high": bounds[1],
            "draws": len(draws),
            "lowest": float(np.min(by_draw)),
            "highest": float(np.max(by_draw)),
            "n": n,
            "undefined": population.left_out + size - n,
            "status": _status(missing, value),
            "formula": str(one.formula),
            "size": one.formula.size,
        }


def _status(missing: list[str], value: float) -> str:
    if missing:
        return f"no score {', '.join(missing)}"
    return "constant" if math.isnan(value) else "ok"

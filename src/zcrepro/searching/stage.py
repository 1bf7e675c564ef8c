"""Search a problem's true accuracies with one algorithm, plain and under every guide."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from annotated_types import Ge, Le

from zcrepro import provenance, registry, seeds, settings
from zcrepro.files import parquet
from zcrepro.formulas.evolved import EvolvedProxy, load_formula
from zcrepro.problems.accuracies import read_both
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import ScoreTable, read_scores
from zcrepro.progress import track
from zcrepro.searching._guide import Guide
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import BudgetSpentError, Trainer
from zcrepro.searching.base import Algorithm
from zcrepro.spaces.base import Space

SCHEMA = pa.schema(
    [
        ("space", pa.string()),
        ("task", pa.string()),
        ("method", pa.string()),
        ("algorithm", pa.string()),
        ("guide", pa.string()),
        ("repeat", pa.int64()),
        ("domain", pa.int64()),
        ("labels", pa.int64()),
        ("trained", pa.int64()),
        ("arch", pa.string()),
        ("validation", pa.float64()),
        ("test", pa.float64()),
    ]
)

KEY = ["method", "repeat", "trained"]

PLAIN = "none"
EVOLVED = "evolved"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of every search of an experiment."""

    repeats: Annotated[int, Ge(1)] = 10
    """Independent searches of each kind."""

    budget: Annotated[int, Ge(1)] = 300
    """Models that a search may train."""

    warmup: Annotated[int, Ge(1)] = 1000
    """Random architectures that a guide scores before the search."""

    move_probability: Annotated[float, Ge(0), Le(1)] = 0.75
    """Probability that a guided mutation takes the neighbour of the best score."""


@dataclass(frozen=True, kw_only=True)
class SearchSettings(Options):
    """One algorithm on one problem; ``options`` are the algorithm's own."""

    space: str
    task: str
    source: str
    guides: list[str]
    algorithm: str
    options: dict[str, Any]
    seed: int


@dataclass(frozen=True)
class Domain:
    """What is searched: the pool, its accuracies in percent (test is NaN if there is none), and the guides.

    A guide of None is a plain search. ``labels`` counts the graphs of the pool whose accuracies the evolved
    guide has seen in its evolution.
    """

    pool: Pool
    validation: np.ndarray
    test: np.ndarray
    guides: dict[str, Guide | None]
    labels: int


def search(
    *, settings_file: Path, accuracies: Path, scores: Path, evolved: Sequence[Path] = (), output: Path
) -> None:
    """Search one problem with one algorithm, plain and guided.

    Parameters
    ----------
    settings_file
        JSON of SearchSettings.
    accuracies
        The benchmark's accuracies: validation chooses, test reports.
    scores
        The scores that guide, published or ours. Only architectures in both files are searched.
    evolved
        Evolved formulas of one training set; that of the best training fitness guides too.
    output
        Parquet: for each number of trained models the best so far by validation accuracy.
        ``domain``: how many architectures are searched; ``labels``: how many of their graphs' accuracies
        the guide has seen in its evolution, which the budget does not count.
    """
    chosen = settings.load(settings_file, SearchSettings)
    algorithm: Algorithm = registry.get("algorithm", chosen.algorithm)
    metadata = provenance.metadata("search", settings.as_mapping(chosen))
    where = f"options of {chosen.algorithm} in {settings_file}"
    known = [field.name for field in fields(algorithm.options)]
    options = settings.checked(chosen.options, algorithm.options, known, where)
    domain = _domain(chosen, accuracies, scores, evolved)
    jobs = [(guide, repeat) for guide in domain.guides for repeat in range(chosen.repeats)]
    rows: list[dict[str, Any]] = []
    for guide, repeat in track(jobs, f"searching {chosen.space}/{chosen.task}"):
        same = {
            "space": chosen.space,
            "task": chosen.task,
            "method": chosen.algorithm if guide == PLAIN else f"{chosen.algorithm}+{guide}",
            "algorithm": chosen.algorithm,
            "guide": guide,
            "repeat": repeat,
            "domain": len(domain.pool),
            "labels": domain.labels if guide == EVOLVED else 0,
        }
        trained = _one_search(algorithm, options, domain, guide, chosen, repeat)
        rows += [same | incumbent for incumbent in _incumbents(trained, domain)]
    parquet.write(output, pd.DataFrame(rows), SCHEMA, KEY, metadata)


def searches(*, parts: Sequence[Path], output: Path) -> None:
    """Join the searches of all algorithms on one problem.

    Parameters
    ----------
    parts
        The Parquet files of the algorithms.
    output
        Parquet: all their rows.
    """
    frame = pd.concat([parquet.read(part) for part in parts], ignore_index=True)
    made = [parquet.metadata(part) for part in parts]
    by_algorithm = {
        part.stem: {e: m.get(e) for e in ("settings", "code")} for part, m in zip(parts, made, strict=True)
    }
    metadata = provenance.metadata("searches", {}) | {"algorithms": json.dumps(by_algorithm, sort_keys=True)}
    parquet.write(output, frame, SCHEMA, KEY, metadata)


def _domain(chosen: SearchSettings, accuracies: Path, scores: Path, evolved: Sequence[Path]) -> Domain:
    formula = best_trained(evolved) if evolved else None
    problem = Problem(chosen.space, chosen.task)
    names = sorted({*chosen.guides, *(formula.terminals if formula else ())})
    known = read_both(problem, accuracies)
    rows = known.merge(
        read_scores(problem, [ScoreTable(scores, chosen.source)], names), on="arch"
    ).sort_values("arch")
    if rows.empty:
        raise ValueError(f"no architecture of {problem} is in both {accuracies} and {scores}")
    space: Space = registry.get("space", chosen.space)
    columns = {name: rows[name].to_numpy(np.float64) for name in names}
    values = {name: _directed(name, columns[name]) for name in chosen.guides}
    labels = 0
    if formula is not None:
        values[EVOLVED] = formula.values(columns, len(rows))
        graphs = rows["graph"].to_numpy(object)
        labels = len(set(graphs[~formula.split.held_out(problem.space, graphs)]))
    guides = {name: Guide(v, chosen.warmup, chosen.move_probability) for name, v in values.items()}
    pool = Pool(space, [space.parse(text) for text in rows["arch"]])
    accuracy = rows["validation"].to_numpy(), rows["test"].to_numpy()
    return Domain(pool, *accuracy, {PLAIN: None, **guides}, labels)


def best_trained(paths: Sequence[Path]) -> EvolvedProxy:
    """Return the formula with the best training fitness; nothing held out takes part in the choice."""
    proxies = [load_formula(path) for path in paths]
    return max(proxies, key=lambda proxy: (proxy.training_fitness, -proxy.repeat))


def _directed(name: str, scores: np.ndarray) -> np.ndarray:
    """Return scores of which larger ones are better."""
    return scores if registry.get("proxies", name).direction == "higher" else -scores


def _one_search(
    algorithm: Algorithm, options: Any, domain: Domain, guide: str, chosen: SearchSettings, repeat: int
) -> list[int]:
    """Return the models in the order of their training.

    Repeat k starts from the same random order with every algorithm and guide.
    """
    trainer = Trainer(lambda index: float(domain.validation[index]), len(domain.pool), chosen.budget)
    rng = seeds.numpy_generator(chosen.seed, "search", chosen.space, chosen.task, repeat)
    with suppress(BudgetSpentError):
        algorithm.run(domain.pool, trainer, domain.guides[guide], rng, options)
    return trainer.trained


def _incumbents(trained: Sequence[int], domain: Domain) -> Iterator[dict[str, Any]]:
    """Yield, after each trained model, the best so far by validation accuracy, with its test accuracy."""
    best, best_validation = -1, -math.inf
    for count, index in enumerate(trained, start=1):
        if domain.validation[index] > best_validation:
            best, best_validation = index, float(domain.validation[index])
        yield {
            "trained": count,
            "arch": domain.pool.space.text(domain.pool.archs[best]),
            "validation": best_validation,
            "test": float(domain.test[best]),
        }

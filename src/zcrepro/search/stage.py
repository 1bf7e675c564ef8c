"""Searches a problem's true accuracies with every algorithm, plain and under every guide."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from zcrepro import provenance, registry, seeds, settings
from zcrepro.files import parquet
from zcrepro.formulas.evolved import EvolvedProxy, load_proxy
from zcrepro.problems.accuracies import read_both
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import read_scores
from zcrepro.progress import track
from zcrepro.search._benchmark import BudgetSpentError, Guide, Table, Trainer
from zcrepro.spaces.base import Space

SCHEMA = pa.schema(
    [
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

PLAIN = "none"
EVOLVED = "evolved"

Algorithm = Callable[[Trainer, Table, Guide | None, np.random.Generator, dict[str, int]], None]


@dataclass(frozen=True)
class SearchSettings:
    """``budget``: models a search trains; ``warmup``: architectures a guide scores before it;
    ``pool`` and ``tournament``: models, for the algorithms that have them."""

    space: str
    task: str
    source: str
    guides: list[str]
    algorithms: list[str]
    repeats: int
    budget: int
    warmup: int
    move_probability: float
    pool: int
    tournament: int
    seed: int


def search(
    *, settings_file: Path, accuracies: Path, scores: Path, evolved: Sequence[Path] = (), output: Path
) -> None:
    """Search one problem with every algorithm, plain and guided.

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
    table, guides, labels = _domain(chosen, accuracies, scores, evolved)
    kinds = [(algorithm, guide) for algorithm in chosen.algorithms for guide in guides]
    jobs = [(*kind, repeat) for kind in kinds for repeat in range(chosen.repeats)]
    rows: list[dict[str, Any]] = []
    for algorithm, guide, repeat in track(jobs, f"searching {chosen.space}/{chosen.task}"):
        method = algorithm if guide == PLAIN else f"{algorithm}+{guide}"
        same = {"method": method, "algorithm": algorithm, "guide": guide, "repeat": repeat}
        same |= {"domain": len(table), "labels": labels if guide == EVOLVED else 0}
        trained = _one_search(algorithm, guides[guide], table, chosen, repeat)
        rows += [same | incumbent for incumbent in _incumbents(trained, table)]
    metadata = provenance.metadata("search", settings.as_mapping(chosen))
    parquet.write(output, pd.DataFrame(rows), SCHEMA, ["method", "repeat", "trained"], metadata)


def _domain(
    chosen: SearchSettings, accuracies: Path, scores: Path, evolved: Sequence[Path]
) -> tuple[Table, dict[str, Guide | None], int]:
    """The architectures with accuracies and scores, every guide by name (None for a plain search), and
    the graphs among them that the evolved guide was evolved on."""
    formula = best_trained(evolved) if evolved else None
    problem = Problem(chosen.space, chosen.task)
    names = sorted({*chosen.guides, *(formula.terminals if formula else ())})
    known = read_both(problem, accuracies)
    rows = known.merge(read_scores(problem, scores, names, chosen.source), on="arch").sort_values("arch")
    if rows.empty:
        raise ValueError(f"no architecture of {problem} is in both {accuracies} and {scores}")
    space: Space = registry.get("space", chosen.space)
    archs = [space.parse(text) for text in rows["arch"]]
    table = Table(space, archs, rows["validation"].to_numpy(), rows["test"].to_numpy())
    columns = {name: rows[name].to_numpy(np.float64) for name in names}
    values = {name: _directed(name, columns[name]) for name in chosen.guides}
    labels = 0
    if formula is not None:
        values[EVOLVED] = formula.formula.evaluate(columns)
        graphs = rows["graph"].to_numpy(object)
        labels = len(set(graphs[~formula.split.held_out(problem.space, graphs)]))
    steered = {n: Guide(v, chosen.warmup, chosen.move_probability) for n, v in values.items()}
    return table, {PLAIN: None, **steered}, labels


def best_trained(paths: Sequence[Path]) -> EvolvedProxy:
    """The formula of the best training fitness: nothing held out takes part in the choice."""
    proxies = [load_proxy(path) for path in paths]
    return max(proxies, key=lambda proxy: (proxy.training_fitness, -proxy.repeat))


def _directed(name: str, scores: np.ndarray) -> np.ndarray:
    """Scores of which larger ones are better."""
    return scores if registry.get("proxies", name).direction == "higher" else -scores


def _one_search(
    algorithm: str, guide: Guide | None, table: Table, chosen: SearchSettings, repeat: int
) -> list[int]:
    """The models in the order of their training. Repeat k starts from one random order in every method."""
    run: Algorithm = registry.get("algorithms", algorithm)
    trainer = Trainer(table, chosen.budget)
    rng = seeds.numpy_generator(chosen.seed, "search", chosen.space, chosen.task, repeat)
    with suppress(BudgetSpentError):
        run(trainer, table, guide, rng, {"pool": chosen.pool, "tournament": chosen.tournament})
    return trainer.trained


def _incumbents(trained: Sequence[int], table: Table) -> Iterator[dict[str, Any]]:
    """After each trained model the best so far by validation accuracy, with its test accuracy."""
    best, best_validation = -1, -math.inf
    for count, index in enumerate(trained, start=1):
        if table.validation[index] > best_validation:
            best, best_validation = index, float(table.validation[index])
        yield {
            "trained": count,
            "arch": table.space.text(table.archs[best]),
            "validation": best_validation,
            "test": float(table.test[best]),
        }

"""Search a problem's true accuracies with one algorithm, plain and under every guide."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import torch
from annotated_types import Ge, Le

from zcrepro import provenance, registry, seeds, settings
from zcrepro.files import parquet
from zcrepro.formulas.evolved import EvolvedProxy, load_formula
from zcrepro.problems.accuracies import read_both
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import FEATURES, STRUCTURE, ScoreTable, read_scores, score_names
from zcrepro.progress import track
from zcrepro.searching._guide import Guide, Help
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import BudgetSpentError, Ledger, Trainer
from zcrepro.searching.base import Algorithm
from zcrepro.searching.search_table import KEY, SCHEMA
from zcrepro.spaces.base import Space
from zcrepro.spaces.structural_counts import COUNTS_OF

PLAIN = "none"
EVOLVED = "evolved"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of every search of an experiment."""

    repeats: Annotated[int, Ge(1)] = 10
    """Independent searches of each kind."""

    budget: Annotated[int, Ge(1)] = 300
    """Models that a search may train."""

    move_probability: Annotated[float, Ge(0), Le(1)] = 0.75
    """Probability that a proposed move is taken."""


@dataclass(frozen=True, kw_only=True)
class SearchSettings(Options):
    """One algorithm on one problem; ``options`` are the algorithm's own.

    ``scored_as`` is the problem whose scores are read: another task of the space, if the scores do not depend
    on the task.
    """

    space: str
    task: str
    scored_as: str
    source: str
    guides: list[str]
    algorithm: str
    options: dict[str, Any]
    seed: int
    torch_threads: int


@dataclass(frozen=True)
class Domain:
    """What is searched: the pool, its accuracies in percent (test is NaN if there is none), and the scores.

    ``labels`` counts the graphs of the pool whose accuracies the evolved guide has seen in its evolution.
    """

    pool: Pool
    validation: np.ndarray
    test: np.ndarray
    scores: dict[str, np.ndarray]
    labels: int


@dataclass(frozen=True)
class Method:
    """An algorithm as it is searched with: plain, or with the scores of a guide and how they help."""

    algorithm: str
    guide: str = PLAIN
    help: Help | None = None

    def __str__(self) -> str:
        return f"{self.algorithm}+{self.guide} {self.help}" if self.help else self.algorithm


def search(
    *,
    settings_file: Path,
    accuracies: Path,
    scores: Sequence[Path],
    structure: Path | None = None,
    evolved: Sequence[Path] = (),
    output: Path,
) -> None:
    """Search one problem with one algorithm, plain and guided.

    Parameters
    ----------
    settings_file
        JSON of SearchSettings.
    accuracies
        The benchmark's accuracies: validation chooses, test reports.
    scores
        The scores that guide, published or ours, and features of ours that have what these lack. The
        architectures with an accuracy and a row of scores are searched; an undefined score ranks last.
    structure
        The structural counts of the space, if the formula reads any.
    evolved
        Evolved formulas of one training set; that of the best training fitness guides too.
    output
        Parquet: each model that was the best so far by validation accuracy, and after how many trained ones.
        ``domain``: how many architectures are searched; ``labels``: how many of their graphs' accuracies
        the guide has seen in its evolution, which the budget does not count; ``highest``: the highest
        accuracies of the domain.
    """
    chosen = settings.load(settings_file, SearchSettings)
    algorithm: Algorithm = registry.get("algorithm", chosen.algorithm)
    metadata = provenance.metadata("search", settings.as_mapping(chosen))
    where = f"options of {chosen.algorithm} in {settings_file}"
    known = [field.name for field in fields(algorithm.options)]
    options = settings.checked(chosen.options, algorithm.options, known, where)
    torch.set_num_threads(chosen.torch_threads)
    domain = _domain(chosen, accuracies, scores, structure, evolved)
    methods = [Method(chosen.algorithm)] if algorithm.plain else []
    methods += [
        Method(chosen.algorithm, guide, way) for guide in domain.scores for way in algorithm.helps(options)
    ]
    jobs = [(method, repeat) for method in methods for repeat in range(chosen.repeats)]
    rows: list[dict[str, Any]] = []
    for method, repeat in track(jobs, f"searching {chosen.space}/{chosen.task}"):
        same = {
            "space": chosen.space,
            "task": chosen.task,
            "method": str(method),
            "algorithm": chosen.algorithm,
            "guide": method.guide,
            "help": method.help.kind if method.help else PLAIN,
            "amount": method.help.amount if method.help else 0,
            "repeat": repeat,
            "domain": len(domain.pool),
            "labels": domain.labels if method.guide == EVOLVED else 0,
            "budget": chosen.budget,
            "highest_validation": _highest(domain.validation),
            "highest_test": _highest(domain.test),
        }
        trained = _one_search(algorithm, options, domain, method, chosen, repeat)
        rows += [same | incumbent for incumbent in _incumbents(trained, domain)]
    parquet.write(output, pd.DataFrame(rows), SCHEMA, KEY, metadata)


def _highest(accuracies: np.ndarray) -> float:
    """Return the highest accuracy that is known, or NaN."""
    return max(accuracies[~np.isnan(accuracies)], default=math.nan)


def _tables(
    scores: Sequence[Path], structure: Path | None, source: str, names: Sequence[str]
) -> list[ScoreTable]:
    """Return the tables of scores: the first, our own that have what it lacks, and the structural counts.

    If there are some of our own, then of several published runs that one is read which has most of ``names``
    that they lack.
    """
    first, *own = scores
    others = [ScoreTable(path, FEATURES) for path in own]
    elsewhere = {name for table in others for name in score_names(table.path)}
    decisive = [name for name in names if name not in elsewhere] if others else []
    counts = [ScoreTable(structure, STRUCTURE)] if structure else []
    return [ScoreTable(first, source, tuple(decisive)), *others, *counts]


def _domain(
    chosen: SearchSettings,
    accuracies: Path,
    scores: Sequence[Path],
    structure: Path | None,
    evolved: Sequence[Path],
) -> Domain:
    formula = best_trained(evolved) if evolved else None
    problem = Problem(chosen.space, chosen.task)
    names = sorted({*chosen.guides, *(formula.terminals if formula else ())})
    tables = _tables(scores, structure, chosen.source, names)
    known = read_both(problem, accuracies)
    read = read_scores(Problem.parse(chosen.scored_as), tables, names)
    rows = known.merge(read, on="arch").sort_values("arch")
    if rows.empty:
        raise ValueError(f"no architecture of {problem} is in both {accuracies} and {scores[0]}")
    space: Space = registry.get("space", chosen.space)
    columns = {name: rows[name].to_numpy(np.float64) for name in names}
    guides = {name: _directed(name, columns[name]) for name in chosen.guides}
    labels = 0
    if formula is not None:
        counts_of = parquet.metadata(structure).get(COUNTS_OF, "") if structure else ""
        known_to_it = formula.offered(columns, str(problem), counts_of)
        guides[EVOLVED] = formula.values({name: columns[name] for name in known_to_it}, len(rows))
        graphs = rows["graph"].to_numpy(object)
        labels = len(set(graphs[~formula.split.held_out(problem.space, graphs)]))
    pool = Pool(space, [space.parse(text) for text in rows["arch"]])
    return Domain(pool, rows["validation"].to_numpy(), rows["test"].to_numpy(), guides, labels)


def best_trained(paths: Sequence[Path]) -> EvolvedProxy:
    """Return the formula with the best training fitness; nothing held out takes part in the choice."""
    proxies = [load_formula(path) for path in paths]
    return max(proxies, key=lambda proxy: (proxy.training_fitness, -proxy.repeat))


def _directed(name: str, scores: np.ndarray) -> np.ndarray:
    """Return scores of which larger ones are better."""
    return scores if registry.get("proxies", name).direction == "higher" else -scores


def _one_search(
    algorithm: Algorithm, options: Any, domain: Domain, method: Method, chosen: SearchSettings, repeat: int
) -> list[int]:
    """Return the models in the order of their training.

    Repeat k starts from the same random order with every algorithm and guide. Raises ValueError if the
    algorithm has seen an accuracy that it did not pay for.
    """
    guide = None
    if method.help is not None:
        inputs = np.column_stack([*domain.scores.values()])
        guide = Guide(domain.scores[method.guide], method.help, chosen.move_probability, inputs)
    ledger = Ledger()
    validation = ledger.noting(lambda index: float(domain.validation[index]))
    trainer = Trainer(validation, len(domain.pool), chosen.budget)
    rng = seeds.numpy_generator(chosen.seed, "search", chosen.space, chosen.task, repeat)
    with suppress(BudgetSpentError):
        algorithm.run(domain.pool, trainer, guide, rng, options)
    ledger.check(trainer.trained, chosen.algorithm)
    return trainer.trained


def _incumbents(trained: Sequence[int], domain: Domain) -> Iterator[dict[str, Any]]:
    """Yield each model that was the best so far by validation accuracy, with its test accuracy."""
    best = -math.inf
    for count, index in enumerate(trained, start=1):
        if domain.validation[index] > best:
            best = float(domain.validation[index])
            yield {
                "trained": count,
                "arch": domain.pool.space.text(domain.pool.archs[index]),
                "validation": best,
                "test": float(domain.test[index]),
            }

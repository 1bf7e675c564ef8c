"""Evolves one formula, from one seed, on the training architectures of some problems.

What a method owes is here too: ``METHOD.evolve(training, chosen)`` gives an ``Evolution``. Validation
accuracy chooses and judges here; where a benchmark has test accuracies as well, they are not even
read before the generalization stage.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from zcrepro import provenance, registry, settings
from zcrepro.files.json import write_json
from zcrepro.formulas.formula import Formula
from zcrepro.problems.accuracies import CHOOSING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows, check_parallel, defined, read
from zcrepro.problems.split import Split, draw
from zcrepro.ranking.correlation import kendall, spearman


@dataclass(frozen=True)
class EvolveSettings:
    """One evolution.

    ``problems`` are written space/task, ``architectures`` are drawn for each of them, and
    ``max_height`` counts the functions between root and terminal.
    """

    method: str
    training_set: str
    problems: list[str]
    source: str
    terminals: list[str]
    architectures: int
    seed: int
    repeat: int
    population: int
    generations: int
    crossover: float
    mutation: float
    tournament: int
    max_height: int
    max_undefined_share: float


@dataclass(frozen=True)
class Generation:
    """A line of the history; the counts are sums since the start.

    ``best`` and ``mean`` are Kendall's tau, the mean of those formulas that have one. ``evaluations``
    are formulas whose values were computed, ``repeated_formulas`` and ``repeated_rankings`` those
    looked up instead.
    """

    generation: int
    best: float
    mean: float
    best_size: int
    evaluations: int
    repeated_formulas: int
    repeated_rankings: int


@dataclass(frozen=True)
class Evolution:
    """The best formula, its fitness (mean Kendall's tau over the problems) and how it came about."""

    formula: Formula
    fitness: float
    history: list[Generation]


class Method(Protocol):
    """A way to evolve a formula from training architectures."""

    def evolve(self, training: Sequence[Rows], chosen: EvolveSettings) -> Evolution: ...


def evolve(*, settings_file: Path, accuracies: list[Path], scores: list[Path], output: Path) -> None:
    """Evolve one formula.

    Parameters
    ----------
    settings_file
        JSON of EvolveSettings.
    accuracies
        Parquet of accuracies, one for each of the settings' problems, in their order.
    scores
        Parquet of released scores or of features, one for each problem, in the same order.
    output
        JSON: formula, size, split, fitness by problem, history, settings.
    """
    chosen = settings.load(settings_file, EvolveSettings)
    _check(chosen)
    problems = _read(chosen, accuracies, scores)
    training, split = draw(problems, chosen.architectures, chosen.seed)
    method: Method = registry.get("method", chosen.method)
    evolution = method.evolve(training, chosen)
    formula = evolution.formula
    mapping = settings.as_mapping(chosen)
    write_json(
        output,
        {
            "method": chosen.method,
            "training_set": chosen.training_set,
            "repeat": chosen.repeat,
            "formula": str(formula),
            "where": formula.where,
            "latex": formula.latex,
            "size": formula.size,
            "depth": formula.depth,
            "terminals": list(formula.terminals),
            "problems": chosen.problems,
            "split": split.as_json(),
            "training_fitness": evolution.fitness,
            "fitness": {
                str(rows.problem): _fitness(formula, rows, drawn, split)
                for rows, drawn in zip(problems, training, strict=True)
            },
            "history": [settings.as_mapping(generation) for generation in evolution.history],
            "settings": mapping,
            "provenance": provenance.metadata("evolve", mapping),
        },
    )


def _check(chosen: EvolveSettings) -> None:
    for name in chosen.terminals:
        if Formula.parse(name).tokens != (name,):
            raise ValueError(f"a terminal is the name of a proxy, not {name!r}")
    for key in ("problems", "terminals"):
        names = getattr(chosen, key)
        if not names or len(set(names)) < len(names):
            raise ValueError(f"{key} must be a list of different names, not {names}")


def _read(chosen: EvolveSettings, accuracies: list[Path], scores: list[Path]) -> list[Rows]:
    problems = [Problem.parse(text) for text in chosen.problems]
    check_parallel(problems, accuracies, scores)
    return [
        read(
            *problem,
            chosen.terminals,
            source=chosen.source,
            metrics=CHOOSING,
            max_undefined_share=chosen.max_undefined_share,
        )
        for problem in zip(problems, accuracies, scores, strict=True)
    ]


def _fitness(formula: Formula, rows: Rows, training: Rows, split: Split) -> dict[str, object]:
    """The correlations on the training architectures, and on graphs that no problem trained on."""
    held_out = rows.where(split.held_out(rows.problem.space, rows.graph))
    return {
        "metric": rows.metric,
        "undefined": len(rows.left_out),
        "training": _correlations(formula, training),
        "held_out": _correlations(formula, held_out),
    }


def _correlations(formula: Formula, rows: Rows) -> dict[str, float | int | None]:
    """``n`` counts the architectures on which the formula is defined; None stands for an undefined value."""
    values, accuracy = defined(formula.evaluate(rows.columns), rows.accuracy)
    found = {"kendall": kendall(values, accuracy), "spearman": spearman(values, accuracy)}
    # JSON has no NaN.
    return {name: None if math.isnan(value) else value for name, value in found.items()} | {"n": len(values)}

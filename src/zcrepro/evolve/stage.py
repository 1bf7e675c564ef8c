"""Evolve one formula, from one seed, on the training architectures of some problems.

Validation accuracy selects and evaluates formulas here. If a benchmark has test accuracies as well, they are
not read before the generalization stage.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from zcrepro import provenance, registry, seeds, settings
from zcrepro.evolve._engine.state import Generation
from zcrepro.files.journal import Journal
from zcrepro.files.json import write_sealed
from zcrepro.formulas.formula import Formula
from zcrepro.problems.accuracies import CHOOSING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows, check_parallel, defined, read
from zcrepro.problems.split import Split, draw
from zcrepro.ranking.correlation import kendall, spearman

OptionsT = TypeVar("OptionsT")


@dataclass(frozen=True)
class EvolveSettings:
    """Settings of one evolution.

    ``method`` is a module of ``zcrepro.evolve``, and ``options`` are the fields of its ``Options``.
    ``problems`` are written space/task, ``terminals`` are names of proxies, and ``source`` is where their
    scores are from, one of SOURCES in ``zcrepro.problems.scores``. ``architectures`` are drawn from each
    problem by ``seed``; ``repeat`` numbers the runs on them.
    """

    method: str
    training_set: str
    problems: list[str]
    source: str
    terminals: list[str]
    architectures: int
    seed: int
    repeat: int
    options: dict[str, Any]
    max_undefined_share: float


@dataclass(frozen=True)
class Evolution:
    """The best formula of a run, its fitness on the training architectures, and one line per generation."""

    formula: Formula
    fitness: float
    history: list[Generation]


@dataclass(frozen=True)
class Method(Generic[OptionsT]):
    """A way to evolve a formula from training architectures; the constant METHOD of a module.

    ``Options`` is a frozen dataclass of the options of the method. ``evolve`` takes the rows of each training
    problem, the options, a generator, and the journal in which it keeps its states, and returns a function of
    the first three alone. It raises ValueError if there is no formula to return.
    """

    Options: type[OptionsT]
    evolve: Callable[[Sequence[Rows], OptionsT, np.random.Generator, Journal | None], Evolution]


def evolve(*, settings_file: Path, accuracies: list[Path], scores: list[Path], output: Path) -> None:
    """Evolve one formula.

    A journal beside ``output`` keeps each generation until the output is written. If the stage is killed and
    called again with the same settings, code and inputs, it goes on from there and writes the same bytes.

    Parameters
    ----------
    settings_file
        JSON file of EvolveSettings.
    accuracies
        Parquet files of accuracies, one per problem of the settings, in their order.
    scores
        Parquet files of released scores or of features, one per problem, in the same order.
    output
        JSON file to write: formula, size, split, fitness per problem, history and settings.
    """
    chosen = settings.load(settings_file, EvolveSettings)
    mapping = settings.as_mapping(chosen)
    _check(chosen)
    method: Method[Any] = registry.get("method", chosen.method)
    made = provenance.metadata("evolve", mapping)
    known = [field.name for field in fields(method.Options)]
    where = f"options of {chosen.method} in {settings_file}"
    options = settings.checked(chosen.options, method.Options, known, where)
    problems = _read(chosen, accuracies, scores)
    training, split = draw(problems, chosen.architectures, chosen.seed)
    rng = seeds.numpy_generator(chosen.seed, chosen.method, *chosen.problems, chosen.repeat)
    journal = Journal(output, made, [*accuracies, *scores])
    evolution = method.evolve(training, options, rng, journal)
    formula = evolution.formula
    write_sealed(
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
            "provenance": made,
        },
    )
    journal.remove()


def _check(chosen: EvolveSettings) -> None:
    for name in chosen.terminals:
        if Formula.parse(name).tokens != (name,):
            raise ValueError(f"a terminal is the name of a proxy, not {name!r}")
    for key in ("problems", "terminals"):
        if not getattr(chosen, key):
            raise ValueError(f"{key} must name at least one")


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
    """Return the correlations on the training architectures, and on graphs that no problem trained on."""
    held_out = rows.where(split.held_out(rows.problem.space, rows.graph))
    return {
        "metric": rows.metric,
        "undefined": len(rows.left_out),
        "training": _correlations(formula, training),
        "held_out": _correlations(formula, held_out),
    }


def _correlations(formula: Formula, rows: Rows) -> dict[str, float | int | None]:
    """Return the correlations, None if undefined, and the number of architectures with a value, ``n``."""
    values, accuracy = defined(formula.evaluate(rows.columns), rows.accuracy)
    found = {"kendall": kendall(values, accuracy), "spearman": spearman(values, accuracy)}
    # JSON has no NaN.
    return {name: None if math.isnan(value) else value for name, value in found.items()} | {"n": len(values)}

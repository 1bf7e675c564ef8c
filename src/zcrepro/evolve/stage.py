"""Evolve one formula, from one seed, on the training architectures of some problems.

Validation accuracy selects and evaluates formulas here. If a benchmark has test accuracies as well, they are
not read before the generalization stage.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

import numpy as np
import pandas as pd
from annotated_types import Ge

from zcrepro import provenance, registry, seeds, settings
from zcrepro.evolve._engine.state import Generation, by_column
from zcrepro.files.journal import Journal
from zcrepro.files.json import write_sealed
from zcrepro.formulas.evolved import EvolvedProxy
from zcrepro.formulas.formula import Formula
from zcrepro.formulas.normalisation import MISSING, POPULATION, Kind, Normalisation, is_count, learnt
from zcrepro.problems.accuracies import CHOOSING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Files, Rows, completing, defined, files_of, read
from zcrepro.problems.split import DrawnBy, Split, draw
from zcrepro.ranking.correlation import kendall, spearman

OptionsT = TypeVar("OptionsT")

Missing = Literal["masked", "mean"]
MASKED: Missing = "masked"


@dataclass(frozen=True)
class TrainingProblem:
    """A problem of a training set, written space/task, and the number of its architectures to evolve on.

    ``scored_as`` is the problem whose scores are read: the same one, or another task of the space if scores
    do not depend on the task.
    """

    problem: str
    architectures: Annotated[int, Ge(4)]
    scored_as: str


@dataclass(frozen=True)
class EvolveSettings:
    """Settings of one evolution.

    ``method`` is a module of ``zcrepro.evolve``, and ``options`` are the fields of its ``Options``.
    ``inputs`` are names of proxies, and ``source`` is where their scores are from, one of SOURCES in
    ``zcrepro.problems.scores``; ``completed`` are the problems for which scores of our own fill what was not
    published. An input that a problem still lacks is left out of the run if ``missing`` is ``masked``, and is
    its mean on that problem if it is ``mean``. ``sample`` numbers the random choice of training
    architectures, ``drawn_by`` says what has equal probabilities in it, and ``repeat`` numbers the runs.
    """

    method: str
    training_set: str
    problems: list[TrainingProblem]
    source: str
    completed: list[str]
    missing: Missing
    inputs: list[str]
    normalisation: Kind
    sample: int
    drawn_by: DrawnBy
    seed: int
    repeat: int
    options: dict[str, Any]
    max_undefined_share: float


@dataclass(frozen=True)
class OnFront:
    """A formula for which no other is as small and fitter."""

    formula: Formula
    fitness: float


@dataclass(frozen=True)
class Evolution:
    """The best formula of a run, its fitness on the training architectures, and one line per generation.

    ``front`` holds the formulas, by growing size, for which no other is as small and fitter.
    """

    formula: Formula
    fitness: float
    history: list[Generation]
    front: list[OnFront]


@dataclass(frozen=True)
class Method(Generic[OptionsT]):
    """A way to evolve a formula from training architectures; the constant METHOD of a module.

    ``Options`` is a frozen dataclass of the options of the method. ``evolve`` takes the rows of each training
    problem, the options, a generator, and the journal in which it keeps its states, and returns a function of
    the first three alone. It raises ValueError if there is no formula to return.
    """

    Options: type[OptionsT]
    evolve: Callable[[Sequence[Rows], OptionsT, np.random.Generator, Journal | None], Evolution]


def evolve(
    *,
    settings_file: Path,
    accuracies: list[Path],
    scores: list[Path],
    structure: list[Path],
    computed: Sequence[Path] = (),
    output: Path,
) -> None:
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
    structure
        Parquet files of structural counts, one per problem, in the same order.
    computed
        Parquet files of our features, one per problem of the setting ``completed``, in its order.
    output
        JSON file to write: formula, size, split, fitness per problem, front, history and settings.
    """
    chosen = settings.load(settings_file, EvolveSettings)
    mapping = settings.as_mapping(chosen)
    _check(chosen)
    method: Method[Any] = registry.get("method", chosen.method)
    made = provenance.metadata("evolve", mapping)
    known = [field.name for field in fields(method.Options)]
    where = f"options of {chosen.method} in {settings_file}"
    options = settings.checked(chosen.options, method.Options, known, where)
    files = files_of(
        [each.scored_as for each in chosen.problems],
        accuracies,
        scores,
        structure,
        source=chosen.source,
        completed=completing(chosen.completed, computed),
    )
    read_rows = _read(chosen, files)
    training, split = draw(
        read_rows,
        [each.architectures for each in chosen.problems],
        seeds.derive(chosen.seed, "sample", chosen.sample),
        chosen.drawn_by,
    )
    normalisation = (
        Normalisation(POPULATION)
        if chosen.normalisation == POPULATION
        else learnt([rows.columns for rows in training])
    )
    inputs = [name for name in chosen.inputs if any(name in rows.columns for rows in read_rows)]
    problems = [_normalised(rows, inputs, normalisation) for rows in read_rows]
    training = [
        rows.where(pd.Index(rows.arch).isin(drawn.arch))
        for rows, drawn in zip(problems, training, strict=True)
    ]
    rng = seeds.numpy_generator(
        chosen.seed,
        chosen.method,
        chosen.training_set,
        *(each.problem for each in chosen.problems),
        chosen.repeat,
    )
    journal = Journal(output, made, [*accuracies, *scores, *structure, *computed])
    evolution = method.evolve(training, options, rng, journal)
    proxy = EvolvedProxy(
        evolution.formula,
        normalisation,
        chosen.method,
        chosen.training_set,
        chosen.repeat,
        tuple(each.problem for each in chosen.problems),
        split,
        evolution.fitness,
        _counts_of(files) if any(map(is_count, evolution.formula.terminals)) else "",
        _replaced(read_rows, inputs),
    )
    write_sealed(
        output,
        {
            "method": chosen.method,
            "training_set": chosen.training_set,
            "repeat": chosen.repeat,
            "formula": str(proxy.formula),
            "where": proxy.where,
            "latex": proxy.latex,
            "size": proxy.size,
            "depth": proxy.formula.depth,
            "terminals": list(proxy.terminals),
            "normalisation": asdict(normalisation),
            "missing": MISSING,
            "inputs": inputs,
            "masked": [name for name in chosen.inputs if name not in inputs],
            "replaced": proxy.replaced,
            "problems": list(proxy.problems),
            "split": split.as_json(),
            "training_fitness": evolution.fitness,
            "counts_of": proxy.counts_of,
            "fitness": {
                str(rows.problem): _fitness(evolution.formula, rows, drawn, split)
                for rows, drawn in zip(problems, training, strict=True)
            },
            "front": [
                {"size": each.formula.size, "fitness": each.fitness, "formula": str(each.formula)}
                for each in evolution.front
            ],
            "history": by_column(evolution.history),
            "settings": mapping,
            "provenance": made,
        },
    )
    journal.remove()


def _check(chosen: EvolveSettings) -> None:
    for name in chosen.inputs:
        if Formula.parse(name).tokens != (name,):
            raise ValueError(f"an input is the name of a proxy, not {name!r}")
    for key in ("problems", "inputs"):
        if not getattr(chosen, key):
            raise ValueError(f"{key} must name at least one")


def _read(chosen: EvolveSettings, files: Sequence[Files]) -> list[Rows]:
    """Return the rows of the training problems, each with the inputs that it offers.

    Inputs that another problem lacks are left out if ``missing`` says so, and structural counts if the
    problems count different things.
    """
    problems = [Problem.parse(each.problem) for each in chosen.problems]
    share = chosen.max_undefined_share
    offered = [of.offered(problem, chosen.inputs, share) for problem, of in zip(problems, files, strict=True)]
    used = offered
    if chosen.missing == MASKED:
        used = [[name for name in offered[0] if all(name in names for names in offered)]] * len(offered)
    if not _counts_of(files):
        used = [[name for name in names if not is_count(name)] for names in used]
    if not all(used):
        raise ValueError(
            f"no input is offered by all of {', '.join(map(str, problems))}: "
            + "; ".join(
                f"{problem} has {', '.join(names)}" for problem, names in zip(problems, offered, strict=True)
            )
        )
    return [
        read(problem, of, names, metrics=CHOOSING, max_undefined_share=share)
        for problem, of, names in zip(problems, files, used, strict=True)
    ]


def _counts_of(files: Sequence[Files]) -> str:
    """Return what the structural counts of all problems count, or an empty string if they differ."""
    found = {of.counts_of for of in files}
    return found.pop() if len(found) == 1 else ""


def _normalised(rows: Rows, inputs: Sequence[str], normalisation: Normalisation) -> Rows:
    return replace(rows, columns=normalisation.inputs(rows.columns, inputs, len(rows)))


def _replaced(problems: Sequence[Rows], inputs: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the inputs that a problem lacks, by problem."""
    lacking = {
        str(rows.problem): tuple(name for name in inputs if name not in rows.columns) for rows in problems
    }
    return {problem: names for problem, names in lacking.items() if names}


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

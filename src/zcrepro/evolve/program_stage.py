"""Evolve one EZNAS program, from one seed, on networks of one problem.

Validation accuracy selects and evaluates programs, as it does formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Ge
from torch import Tensor

from zcrepro import provenance, registry, seeds, settings
from zcrepro.evolve import programs
from zcrepro.evolve._engine.state import by_column
from zcrepro.evolve._statistics import Network, kept
from zcrepro.fetching import verified
from zcrepro.files.journal import Journal
from zcrepro.files.json import write_sealed
from zcrepro.images.base import ImageSource, minibatch
from zcrepro.problems.accuracies import CHOOSING, read_accuracies
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows
from zcrepro.problems.split import draw
from zcrepro.programs.names import METHOD
from zcrepro.spaces.base import Space

SETS = 4
"""Sets of networks, as in the paper; the worst tau counts."""


@dataclass(frozen=True, kw_only=True)
class EvolveProgramSettings(programs.Options):
    """Settings of one evolution of programs.

    ``images`` are those of the task, and ``digests`` the listed digests of their files. ``networks`` is the
    number of networks in all sets together. ``sample`` numbers the random choice of networks, and ``repeat``
    the runs. Networks run on the CPU.
    """

    training_set: str
    space: str
    task: str
    images: str
    digests: list[str]
    networks: Annotated[int, Ge(2 * SETS)]
    sample: int
    seed: int
    repeat: int
    torch_threads: int


def evolve_program(
    *, settings_file: Path, accuracies: Path, images: Sequence[Path] = (), output: Path
) -> None:
    """Evolve one program.

    A journal beside ``output`` keeps each generation until the output is written. If the stage is killed and
    called again with the same settings, code and inputs, it goes on from there and writes the same bytes. The
    layer statistics are recorded anew; their numbers are the same on the same machine.

    Parameters
    ----------
    settings_file
        JSON file of EvolveProgramSettings.
    accuracies
        Parquet file of the accuracies of the space.
    images
        The files of the task's images; empty if an installed package contains the images.
    output
        JSON file to write: program, direction, fitness, tau on each set, the same of the median program of
        the last population, split, front, history and settings.
    """
    chosen = settings.load(settings_file, EvolveProgramSettings)
    space: Space = registry.get("space", chosen.space)
    source: ImageSource = registry.get("images", chosen.images)
    torch.set_num_threads(chosen.torch_threads)
    mapping = settings.as_mapping(chosen)
    made = provenance.metadata("evolve_program", mapping)
    problem = Problem(chosen.space, chosen.task)
    drawn, split = draw(
        [_rows(problem, accuracies)],
        [chosen.networks],
        seeds.derive(chosen.seed, "sample", chosen.sample),
    )
    rows = drawn[0]
    journal = Journal(output, made, [accuracies, *images])
    recorded = kept(_networks(chosen, space, rows), _images(chosen, source, images))
    sets = _places(chosen)
    rng = seeds.numpy_generator(chosen.seed, METHOD, chosen.training_set, str(problem), chosen.repeat)
    evolution = programs.evolve(
        [
            programs.NetworkSet([recorded.networks[place] for place in places], rows.accuracy[places])
            for places in sets
        ],
        chosen,
        rng,
        journal,
    )
    write_sealed(
        output,
        {
            "method": METHOD,
            "training_set": chosen.training_set,
            "repeat": chosen.repeat,
            "problem": str(problem),
            "metric": rows.metric,
            "split": split.as_json(),
            "sets": [rows.arch[places].tolist() for places in sets],
            "statistics_bytes": recorded.size,
            "settings": mapping,
            "provenance": made,
            **_described(evolution),
        },
    )
    journal.remove()


def _described(evolution: programs.Evolution) -> dict[str, Any]:
    """Return the program and its evolution as values that JSON can hold."""
    return _judged(evolution.fittest) | {
        "median": _judged(evolution.median),
        "front": [
            {"size": each.program.size, "fitness": each.fitness, "program": str(each.program)}
            for each in evolution.front
        ],
        "history": by_column(evolution.history),
    }


def _judged(judged: programs.Judged) -> dict[str, Any]:
    program = judged.program
    return {
        "program": str(program),
        "where": program.where,
        "latex": program.latex(),
        "size": program.size,
        "depth": program.depth,
        "direction": judged.direction,
        "training_fitness": judged.fitness,
        "taus": judged.taus,
    }


def _rows(problem: Problem, accuracies: Path) -> Rows:
    """Return the architectures of the problem with their accuracies, and without scores."""
    metric, known = read_accuracies(problem, accuracies, CHOOSING)
    known = known.sort_values("arch", ignore_index=True)
    arch, graph = known["arch"].to_numpy(object), known["graph"].to_numpy(object)
    return Rows(problem, metric, arch, graph, {}, known["accuracy"].to_numpy(np.float64), {})


def _images(chosen: EvolveProgramSettings, source: ImageSource, files: Sequence[Path]) -> Tensor:
    """Return the images that the layer statistics are recorded on."""
    for path, digest in zip(files, chosen.digests, strict=True):
        verified.check(path, digest)
    images = source.training(files)
    numbers = minibatch(images, chosen.batch_size, chosen.seed, chosen.task)
    return torch.from_numpy(images.take(numbers).pixels)


def _networks(chosen: EvolveProgramSettings, space: Space, rows: Rows) -> list[Network]:
    """Return the networks with the weights that they have in extraction."""
    return [
        Network(
            text,
            partial(space.network, space.parse(text), chosen.task, chosen.seed),
            seeds.derive(chosen.seed, space.name, chosen.task, text),
        )
        for text in rows.arch
    ]


def _places(chosen: EvolveProgramSettings) -> list[np.ndarray]:
    """Return the places of the networks of each set, at random."""
    rng = seeds.numpy_generator(chosen.seed, "sets", chosen.sample)
    return [np.sort(places) for places in np.array_split(rng.permutation(chosen.networks), SETS)]

"""Search a space live: networks are built and scored as the search goes, and it stops by the clock.

After Phan and Luong (2025), whose evolved proxy finds a network within 15 minutes. The record tells what the
search had found after any time. The seconds are in a file beside it: a search that is stopped by evaluations
depends on its seed alone. Such searches can be repeated from other seeds, to compare objectives.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import pyarrow as pa
import torch
from annotated_types import Ge

from zcrepro import provenance, registry, seeds, settings
from zcrepro.benchmarks.nasbench301_surrogate import Surrogate
from zcrepro.fetching import verified
from zcrepro.files import parquet
from zcrepro.formulas.evolved import EvolvedProxy
from zcrepro.problems.accuracies import REPORTING, read_accuracies
from zcrepro.problems.problem import Problem
from zcrepro.proxies.base import Batch
from zcrepro.proxies.minibatches import minibatches
from zcrepro.scoring import AnyProxy, score
from zcrepro.searching.stage import best_trained
from zcrepro.searching.training_free import Values, algorithm, training_free
from zcrepro.spaces.base import Arch, Space

TRACE = pa.schema(
    [
        ("repeat", pa.int64()),
        ("place", pa.int64()),
        ("arch", pa.string()),
        ("graph", pa.string()),
        ("score", pa.float64()),
        ("status", pa.string()),
        ("accuracy", pa.float64()),
    ]
)
"""The architectures of each search in the order in which they were scored, one of each graph. ``accuracy`` is
in percent and no part of the search. It is NaN if it is not known: of equal graphs, each was trained by
itself."""

SECONDS = pa.schema([("repeat", pa.int64()), ("place", pa.int64()), ("seconds", pa.float64())])
"""Seconds from the start of a search until an architecture was scored."""

KEY = ["repeat", "place"]

PROBLEM, OBJECTIVE, FORMULA, MINUTES = "problem", "objective", "formula", "minutes"
SEARCHED_BY = "algorithm"
ACCURACY_OF, HIGHEST = "accuracy_of", "highest"
"""Entries of the metadata: the problem, the name of the objective, its formula, the time limit, the
algorithm, what ``accuracy`` is, and the highest accuracy of the benchmark (an empty text if it has none)."""

SURROGATE = "validation accuracy by YAHPO Gym's surrogate"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of every live search."""

    minutes: Annotated[float, Ge(0)] = 15.0
    """Time after which no further architecture is proposed. With 0, no limit, the seed decides the result."""

    evaluations: Annotated[int, Ge(1)] = 100000
    """Architectures that are proposed at most; those of a known graph count, too."""

    repeats: Annotated[int, Ge(1)] = 1
    """Searches, each from the next seed. The weights of a network are the same in all of them."""

    alive: Annotated[int, Ge(2)] = 64
    """Architectures that are alive at a time; the oldest dies."""

    tournament: Annotated[int, Ge(1)] = 10
    """Living architectures of which the best is mutated."""

    batch_size: Annotated[int, Ge(1)] = 64
    """Images that networks are scored on."""


@dataclass(frozen=True, kw_only=True)
class LiveSettings(Options):
    """Searches by one objective. Without a ``guide``, it is the given evolved formula."""

    space: str
    task: str
    images: str
    digests: list[str]
    guides: list[str]
    seed: int
    device: str
    torch_threads: int


def live_search(
    *,
    settings_file: Path,
    images: Sequence[Path] = (),
    evolved: Sequence[Path] = (),
    accuracies: Path | None = None,
    surrogate: Sequence[Path] = (),
    output: Path,
    seconds: Path,
) -> None:
    """Search a space live.

    Parameters
    ----------
    settings_file
        JSON of LiveSettings.
    images
        The files of the images; none if a package contains them.
    evolved
        Evolved formulas of one training set; that of the best training fitness is the objective.
    accuracies
        The benchmark's accuracies, of which those of the scored architectures are noted after the search.
    surrogate
        The model and the encoding of the surrogate that predicts them instead.
    output
        Parquet: repeat, place, arch, graph, score, status, accuracy.
    seconds
        Parquet: repeat, place, seconds.

    Raises
    ------
    ValueError
        If the objective is undefined for all architectures of the first population.
    """
    chosen = settings.load(settings_file, LiveSettings)
    for path, digest in zip([*images, *surrogate], chosen.digests, strict=True):
        verified.check(path, digest)
    torch.set_num_threads(chosen.torch_threads)
    space: Space = registry.get("space", chosen.space)
    objective: AnyProxy = best_trained(evolved) if evolved else chosen.guides[0]
    known, described = _accuracies(chosen, space, accuracies, surrogate)
    batch = minibatches(
        chosen.images,
        images,
        size=chosen.batch_size,
        task=chosen.task,
        shape=space.task_shape(chosen.task),
        augmented=False,
        seed=chosen.seed,
        device=chosen.device,
    )("")
    frame = pd.DataFrame(
        [
            row
            for repeat in range(chosen.repeats)
            for row in _searched(chosen, space, objective, batch, repeat)
        ]
    )
    frame["accuracy"] = frame["arch"].map(known)
    metadata = provenance.metadata("live_search", settings.as_mapping(chosen)) | described
    metadata |= {
        PROBLEM: f"{chosen.space}/{chosen.task}",
        MINUTES: repr(chosen.minutes),
        SEARCHED_BY: algorithm(space),
        OBJECTIVE: objective if isinstance(objective, str) else objective.name,
        FORMULA: str(objective.formula) if isinstance(objective, EvolvedProxy) else "",
    }
    parquet.write(output, frame[TRACE.names], TRACE, KEY, metadata)
    parquet.write(seconds, frame[SECONDS.names], SECONDS, KEY, metadata)


def _searched(
    chosen: LiveSettings, space: Space, objective: AnyProxy, batch: Batch, repeat: int
) -> list[dict[str, Any]]:
    """Return the architectures of one search in the order in which they were scored, with their seconds."""
    name = objective if isinstance(objective, str) else objective.name
    lower = isinstance(objective, str) and registry.get("proxies", objective).direction == "lower"
    sign = -1.0 if lower else 1.0
    trace: list[dict[str, Any]] = []
    start = time.monotonic()

    def values(arch: Arch) -> Values:
        seed = seeds.derive(chosen.seed, "live weights", chosen.space, chosen.task)
        network = space.network(arch, chosen.task, seed).to(chosen.device)
        found = score(network, batch.images, batch.labels, [objective], chosen.seed)
        trace.append(
            {
                "repeat": repeat,
                "place": len(trace),
                "arch": space.text(arch),
                "graph": space.canonical(arch),
                "score": found[name],
                "status": found.status[name],
                "seconds": time.monotonic() - start,
            }
        )
        if len(trace) == chosen.alive:
            require_a_score()
        return (sign * found[name],)

    def require_a_score() -> None:
        if all(math.isnan(each["score"]) for each in trace):
            raise ValueError(
                f"{name} is undefined for the first {len(trace)} architectures of {space.name}, so that it "
                f"cannot guide a search: {trace[-1]['status']}"
            )

    training_free(
        space,
        values,
        chosen.evaluations,
        chosen.alive,
        chosen.tournament,
        seeds.numpy_generator(chosen.seed + repeat, "live search", chosen.space, chosen.task),
        seconds=60 * chosen.minutes or None,
    )
    require_a_score()  # of a search that ended before its first population was full
    return trace


def _accuracies(
    chosen: LiveSettings, space: Space, accuracies: Path | None, surrogate: Sequence[Path]
) -> tuple[Callable[[str], float], dict[str, str]]:
    """Return what maps an architecture to its accuracy, or to NaN, and its metadata."""
    if surrogate:
        predicting = Surrogate(*surrogate)
        return lambda text: predicting.accuracy(space.parse(text)), {ACCURACY_OF: SURROGATE, HIGHEST: ""}
    if accuracies is None:
        return lambda _: math.nan, {ACCURACY_OF: "", HIGHEST: ""}
    metric, frame = read_accuracies(Problem(chosen.space, chosen.task), accuracies, REPORTING)
    known = dict(zip(frame["arch"], frame["accuracy"], strict=True))
    described = {ACCURACY_OF: f"{metric} accuracy", HIGHEST: repr(float(frame["accuracy"].max()))}
    return lambda text: known.get(text, math.nan), described

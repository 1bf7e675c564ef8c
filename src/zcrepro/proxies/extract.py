"""Extraction: the proxies of one pass group on one chunk of architectures.

A job is keyed by (space, task, draw, pass group, chunk). Its code digest covers the engine and the files of
its own proxies, so an edit of one proxy recomputes its group and nothing else.

A network of a cell space does not fill a GPU, and a job has one to itself. So several processes of a job can
share it, each with a part of the chunk. Scores do not depend on the parts.

Architectures that compute the same function of the same weights have equal scores, except those of proxies
that count dead modules. The others are computed for the first of them in the random order alone. The status
of a later one names the first, whatever chunk that is in, and the join fills in its scores.

An architecture that cannot be built or run costs its own row: its scores are NaN, with the reason. Only what
concerns all architectures ends a job: too little memory, a GPU that has failed, or images that do not fit the
task.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from zcrepro import provenance, registry, seeds, settings
from zcrepro.fetching import verified
from zcrepro.files import parquet
from zcrepro.networks.errors import (
    FAILURES,
    TimeLimitError,
    WrongInputError,
    of_the_machine,
    out_of_memory,
    told,
)
from zcrepro.networks.redrawn import initialise
from zcrepro.networks.time_limit import time_limit
from zcrepro.networks.tokens import are_tokens
from zcrepro.progress import track
from zcrepro.proxies.base import Batch, Proxy
from zcrepro.proxies.conditions import How
from zcrepro.proxies.engine import Scores, compute
from zcrepro.proxies.feature_table import AS, KEY, PROBLEM, TIMINGS, feature_schema
from zcrepro.proxies.minibatches import Minibatches, minibatches
from zcrepro.proxies.order import read_places
from zcrepro.spaces.base import Space, TaskShape

OF_A_CHUNK = ("draw", "redraw", "start", "stop", "pass_seconds")
"""The settings that may differ between chunks of one whole.

They say which part of it a chunk is, and how long a score may take, which changes no number. The first draw
redraws nothing.
"""


@dataclass(frozen=True, kw_only=True)
class ChunkSettings(How):
    """One chunk: the architectures from place ``start`` up to ``stop`` of the problem's random order.

    Draw 0 is the first; each later one draws anew what ``redraw`` names. ``digests`` are the listed digests
    of the files of the images. ``pass_seconds`` bounds the time of each pass, and of each proxy after it, on
    one architecture (see ``time_limit``).
    """

    space: str
    task: str
    images: str
    digests: list[str]
    draw: int
    start: int
    stop: int
    pass_seconds: float
    device: str
    torch_threads: int


@dataclass(frozen=True, kw_only=True)
class ExtractSettings(ChunkSettings):
    """One chunk, and the proxies of one pass group."""

    proxies: list[str]


Make = Callable[[], Sequence[Proxy[Any]]]
"""Makes the proxies in the process that uses them: their functions cannot be sent to another one."""


def extract(
    *,
    settings_file: Path,
    order: Path,
    images: Sequence[Path] = (),
    processes: int = 1,
    output: Path,
    timings: Path,
) -> None:
    """Compute the proxies of one pass group on one chunk of architectures.

    Parameters
    ----------
    settings_file
        JSON of ExtractSettings.
    order
        The order of the problem's architectures.
    images
        The files of the task's images; empty if an installed package contains the images.
    processes
        How many processes score parts of the chunk at the same time.
    output
        Parquet: arch, graph, draw, and for each proxy a column (NaN if it is undefined) and a status.
    timings
        Parquet: seconds of the pass for each architecture. Only a figure reads it.
    """
    chosen = settings.load(settings_file, ExtractSettings)
    metadata = provenance.metadata("extract", settings.as_mapping(chosen), of_chunk=OF_A_CHUNK)
    scored = score_chunk(chosen, partial(_named_proxies, chosen.proxies), order, images, processes)
    scored.write(output, timings, metadata)


def _named_proxies(names: Sequence[str]) -> list[Proxy[Any]]:
    return [registry.get("proxies", name) for name in names]


@dataclass(frozen=True)
class ScoredChunk:
    """The scores of the architectures of a chunk.

    Attributes
    ----------
    names
        The proxies.
    rows
        One row of a table of features per architecture.
    seconds
        One row of a table of timings per architecture and pass.
    made
        Entries of the metadata that say how the scores were made.
    """

    names: list[str]
    rows: list[dict[str, Any]]
    seconds: list[dict[str, Any]]
    made: dict[str, str]

    def write(self, output: Path, timings: Path, metadata: Mapping[str, str]) -> None:
        """Write the tables of features and of timings, with ``metadata`` beside ``made``."""
        schema = feature_schema(self.names)
        made = {**metadata, **self.made}
        parquet.write(output, pd.DataFrame(self.rows, columns=schema.names), schema, KEY, made)
        timed = pd.DataFrame(self.seconds, columns=TIMINGS.names)
        parquet.write(timings, timed, TIMINGS, ["arch", "pass"], made)


def score_chunk(
    chosen: ChunkSettings, make: Make, order: Path, images: Sequence[Path], processes: int = 1
) -> ScoredChunk:
    """Return the scores of proxies on the architectures of a chunk, of which each process scores a part.

    ``order`` and ``images`` are files; see ``extract``. Raises MemoryError if a process was killed.
    """
    parts = shares(chosen, processes)
    if len(parts) == 1:
        return _score_part(make, order, images, chosen)
    # CUDA cannot be used in a process that was forked.
    with ProcessPoolExecutor(len(parts), mp_context=get_context("spawn")) as pool:
        try:
            scored = list(pool.map(partial(_score_part, make, order, images), parts))
        except BrokenProcessPool as error:
            raise MemoryError(
                f"one of {len(parts)} processes that score {chosen.space}/{chosen.task} was killed, as "
                "happens if memory runs out: give the job more, or lower jobs_per_gpu in the configuration"
            ) from error
    return replace(
        scored[0],
        rows=[row for part in scored for row in part.rows],
        seconds=[row for part in scored for row in part.seconds],
    )


def shares(chosen: ChunkSettings, processes: int) -> list[ChunkSettings]:
    """Return the parts of a chunk, one per process; none is empty, and their sizes differ by one at most."""
    size = chosen.stop - chosen.start
    number = max(min(processes, size), 1)
    ends = [chosen.start + size * place // number for place in range(number + 1)]
    return [replace(chosen, start=start, stop=stop) for start, stop in pairwise(ends)]


def _score_part(make: Make, order: Path, images: Sequence[Path], chosen: ChunkSettings) -> ScoredChunk:
    torch.set_num_threads(chosen.torch_threads)
    for path, digest in zip(images, chosen.digests, strict=True):
        verified.check(path, digest)
    space: Space = registry.get("space", chosen.space)
    batches = minibatches(
        chosen.images,
        images,
        size=chosen.batch_size,
        task=chosen.task,
        shape=space.task_shape(chosen.task),  # an unknown task concerns all architectures, and ends the job
        augmented=chosen.augmented_batches,
        seed=_seed("images", chosen),
        device=chosen.device,
    )
    proxies = make()
    names = [proxy.name for proxy in proxies]
    rows, seconds = [], []
    places = read_places(order, chosen.start, chosen.stop).to_dict("records")
    for place in track(places, f"{chosen.space}/{chosen.task}"):
        text = place["arch"]
        original = place["original"] if chosen.share_equal_graphs else text
        own = [proxy for proxy in proxies if proxy.counts_dead or text == original]
        with _named(f"{chosen.space}/{chosen.task}, architecture {text!r}"):
            scores = _scores(space, text, batches, own, chosen)
        status = {f"{name}_status": scores.status.get(name, AS + original) for name in names}
        rows.append({"arch": text, "graph": place["graph"], "draw": chosen.draw, **scores, **status})
        seconds += [{"arch": text, "pass": run, "seconds": s} for run, s in scores.seconds.items()]
    made = {
        PROBLEM: f"{chosen.space}/{chosen.task}",
        "how": json.dumps(chosen.as_mapping),
        "minibatch": batches.described,
    }
    return ScoredChunk(names, rows, seconds, made)


def _scores(
    space: Space, text: str, batches: Minibatches, proxies: Sequence[Proxy[Any]], chosen: ChunkSettings
) -> Scores:
    if not proxies:
        return Scores()
    seed = _seed("weights", chosen)
    try:
        with time_limit(chosen.pass_seconds):
            network, key = _network(space, text, seed, chosen)
    except TimeLimitError as late:
        return _undefined(proxies, f"building the network {late}")
    except FAILURES as error:
        if of_the_machine(error):
            raise
        return _undefined(proxies, f"the network cannot be built: {told(error)}")
    batch = _fitting(batches(key), space.task_shape(chosen.task), chosen)
    network_seed = seeds.derive(seed, space.name, chosen.task, text)
    try:
        return compute(network.to(chosen.device), batch, proxies, network_seed, chosen.pass_seconds)
    except WrongInputError as error:
        return _undefined(proxies, str(error))


def _network(space: Space, text: str, seed: int, chosen: ChunkSettings) -> tuple[nn.Module, str]:
    """Return the network of an architecture, and the key of its minibatch."""
    arch = space.parse(text)
    weights = seed if chosen.share_equal_graphs else seeds.derive(seed, "a draw of its own", text)
    key = space.live(arch) if chosen.share_equal_graphs else text
    network = space.network(arch, chosen.task, weights)
    if chosen.initialisation != "default":
        drawn = seeds.derive(weights, "initialisation", space.name, chosen.task, key)
        initialise(network, chosen.initialisation, torch.Generator().manual_seed(drawn))
    return network, key


def _undefined(proxies: Sequence[Proxy[Any]], reason: str) -> Scores:
    names = [proxy.name for proxy in proxies]
    return Scores(dict.fromkeys(names, math.nan), dict.fromkeys(names, reason))


def _fitting(batch: Batch, shape: TaskShape, chosen: ChunkSettings) -> Batch:
    """Return ``batch``. Raises ValueError unless its channels and labels are those of the task."""
    classes = int(batch.labels.max()) + 1
    if shape.reads_tokens or are_tokens(batch.images):
        return _fitting_tokens(batch, classes, shape, chosen)
    channels = batch.images.shape[-3]
    if channels != shape.channels or classes > shape.classes:
        raise ValueError(
            f"{chosen.space}/{chosen.task} has {shape.channels} channels and {shape.classes} classes, but "
            f"the images {chosen.images!r} have {channels} channels and at least {classes} classes"
        )
    return batch


def _fitting_tokens(batch: Batch, classes: int, shape: TaskShape, chosen: ChunkSettings) -> Batch:
    if tuple(batch.images.shape[1:]) != shape.input or classes > shape.classes:
        raise ValueError(
            f"{chosen.space}/{chosen.task} reads inputs of shape {shape.input} with {shape.classes} classes, "
            f"but {chosen.images!r} has those of shape {tuple(batch.images.shape[1:])} with at least "
            f"{classes} classes"
        )
    return batch


@contextmanager
def _named(place: str) -> Iterator[None]:
    """Add ``place`` to an error that ends the job."""
    try:
        yield
    except Exception as error:
        if out_of_memory(error):
            raise MemoryError(f"{place}: {error}") from error
        error.add_note(place)
        raise


def _seed(what: str, chosen: ChunkSettings) -> int:
    """Return the seed of ``weights`` or ``images`` in this draw."""
    anew = chosen.draw and what in chosen.redraw
    return seeds.derive(chosen.seed, "draw", chosen.draw) if anew else chosen.seed

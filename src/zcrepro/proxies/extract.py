"""Extraction: the proxies of one pass group on one chunk of architectures.

A job is keyed by (space, task, pass group, chunk). Its code digest covers the engine and the files
of its own proxies, so an edit of one proxy recomputes its group and nothing else.

Architectures that compute the same function of the same weights have equal scores, but for the
proxies that count dead modules. Only the first of them in the random order is scored by the others;
a later one's status names the first, whatever chunk that is in, and the join fills in its scores.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd
import pyarrow as pa
import torch

from zcrepro import provenance, registry, seeds, settings
from zcrepro.files import parquet
from zcrepro.progress import track
from zcrepro.proxies._minibatches import Minibatches, minibatches
from zcrepro.proxies.base import Proxy
from zcrepro.proxies.engine import Scores, compute
from zcrepro.proxies.feature_table import AS, feature_schema
from zcrepro.spaces.base import Space
from zcrepro.spaces.order import random_order

TIMINGS = pa.schema([("arch", pa.string()), ("pass", pa.string()), ("seconds", pa.float64())])


@dataclass(frozen=True)
class How:
    """The settings that decide a score, beside its space, task and proxy; the metadata of a chunk hold them.

    Each ``draw`` after the first, which is 0, draws anew what ``redraw`` names: ``weights``,
    ``images``, or both. With ``share_equal_graphs`` equal functions have equal weights and are
    scored once; without, each architecture draws weights of its own. With ``augmented_batches`` each
    (equal functions together, if they share) sees a minibatch of its own, augmented; without, all
    see one fixed minibatch, and the metadata of the output list the numbers of its images.
    """

    batch_size: int
    share_equal_graphs: bool
    augmented_batches: bool
    draw: int
    redraw: list[str]
    seed: int

    @property
    def as_json(self) -> str:
        return json.dumps({field.name: getattr(self, field.name) for field in fields(How)})


@dataclass(frozen=True)
class ExtractSettings(How):
    """One chunk: ``count`` architectures from place ``start`` of the problem's random order."""

    space: str
    task: str
    images: str
    proxies: list[str]
    start: int
    count: int
    device: str
    torch_threads: int


def extract(
    *, settings_file: Path, accuracies: Path, images: Sequence[Path] = (), output: Path, timings: Path
) -> None:
    """Compute the proxies of one pass group on one chunk of architectures.

    Parameters
    ----------
    settings_file
        JSON of ExtractSettings.
    accuracies
        The benchmark's accuracies: they say which architectures there are.
    images
        The files of the task's images, none where a package brings them.
    output
        Parquet: arch, graph, a column a proxy (NaN where undefined) and its status.
    timings
        Parquet: seconds of the pass for each architecture; nothing but a figure reads it.
    """
    chosen = settings.load(settings_file, ExtractSettings)
    torch.set_num_threads(chosen.torch_threads)
    space: Space = registry.get("space", chosen.space)
    proxies = [registry.get("proxies", name) for name in chosen.proxies]
    batches = minibatches(
        chosen.images,
        images,
        size=chosen.batch_size,
        task=chosen.task,
        augmented=chosen.augmented_batches,
        seed=_seed("images", chosen),
        device=chosen.device,
    )
    texts = texts_to_end(space, accuracies, chosen)
    originals = first_of_equals(space, texts) if chosen.share_equal_graphs else {}
    rows, seconds = [], []
    for text in track(texts[chosen.start :], f"{chosen.space}/{chosen.task}"):
        original = originals.get(text, text)
        own = [proxy for proxy in proxies if proxy.counts_dead or text == original]
        scores = _scores(space, text, batches, own, chosen)
        status = {f"{name}_status": scores.status.get(name, AS + original) for name in chosen.proxies}
        rows.append({"arch": text, "graph": space.canonical(space.parse(text)), **scores, **status})
        seconds += [{"arch": text, "pass": run, "seconds": s} for run, s in scores.seconds.items()]
    metadata = provenance.metadata("extract", settings.as_mapping(chosen), of_chunk=("start", "count"))
    metadata |= {"how": chosen.as_json, "minibatch": batches.described}
    schema = feature_schema(chosen.proxies)
    parquet.write(output, pd.DataFrame(rows, columns=schema.names), schema, ["arch"], metadata)
    timed = pd.DataFrame(seconds, columns=TIMINGS.names)
    parquet.write(timings, timed, TIMINGS, ["arch", "pass"], metadata)


def texts_to_end(space: Space, accuracies: Path, chosen: ExtractSettings) -> list[str]:
    """The texts up to the end of the chunk. Raises ValueError where the benchmark has too few."""
    frame = parquet.read(accuracies, columns=["arch", "task"])
    texts = random_order(space, set(frame.loc[frame["task"] == chosen.task, "arch"]))
    end = chosen.start + chosen.count
    if end > len(texts):
        raise ValueError(
            f"at least {end} architectures of {chosen.space}/{chosen.task} were asked for, but "
            f"{accuracies} has {len(texts)}: ask for at most that many under features.runs"
        )
    return texts[:end]


def first_of_equals(space: Space, texts: Sequence[str]) -> dict[str, str]:
    """For each text the first one that computes the same."""
    first: dict[str, str] = {}
    return {text: first.setdefault(space.live(space.parse(text)), text) for text in texts}


def _scores(
    space: Space, text: str, batches: Minibatches, proxies: Sequence[Proxy], chosen: ExtractSettings
) -> Scores:
    if not proxies:
        return Scores()
    arch, seed = space.parse(text), _seed("weights", chosen)
    weights = seed if chosen.share_equal_graphs else seeds.derive(seed, "a draw of its own", text)
    network = space.network(arch, chosen.task, weights).to(chosen.device)
    batch = batches(space.live(arch) if chosen.share_equal_graphs else text)
    return compute(network, batch, proxies, seeds.derive(seed, space.name, chosen.task, text))


def _seed(what: str, chosen: ExtractSettings) -> int:
    """The seed of ``weights`` or ``images`` in this draw."""
    anew = chosen.draw and what in chosen.redraw
    return seeds.derive(chosen.seed, "draw", chosen.draw) if anew else chosen.seed

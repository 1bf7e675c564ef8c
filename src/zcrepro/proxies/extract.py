"""Extraction: the proxies of one pass group on one chunk of architectures.

A job is keyed by (space, task, draw, pass group, chunk). Its code digest covers the engine and the files of
its own proxies, so an edit of one proxy recomputes its group and nothing else.

Architectures that compute the same function of the same weights have equal scores, except those of proxies
that count dead modules. The others are computed for the first of them in the random order alone. The status
of a later one names the first, whatever chunk that is in, and the join fills in its scores.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import pyarrow as pa
import torch
from annotated_types import Ge

from zcrepro import provenance, registry, seeds, settings
from zcrepro.fetching import verified
from zcrepro.files import parquet
from zcrepro.progress import track
from zcrepro.proxies._minibatches import Minibatches, minibatches
from zcrepro.proxies.base import Proxy
from zcrepro.proxies.engine import Scores, compute
from zcrepro.proxies.feature_table import AS, KEY, PROBLEM, feature_schema
from zcrepro.proxies.order import read_places
from zcrepro.spaces.base import Space

TIMINGS = pa.schema([("arch", pa.string()), ("pass", pa.string()), ("seconds", pa.float64())])

OF_A_CHUNK = ("draw", "redraw", "start", "stop")
"""The settings that say which part of the whole a chunk is; the first draw redraws nothing."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How scores are computed; part of the configuration's section ``features``."""

    batch_size: Annotated[int, Ge(1)] = 64
    """Images in a minibatch."""

    share_equal_graphs: bool = True
    """Whether architectures that compute the same function draw the same weights and are scored once. The
    papers drew weights for each architecture."""

    augmented_batches: bool = False
    """Whether each architecture sees a minibatch of its own, cropped and mirrored at random, as in ZCP.
    Otherwise all see one fixed minibatch."""

    redraw: tuple[Literal["weights", "images"], ...] = ("weights",)
    """What each draw after the first draws anew. `weights` are the initial ones and a proxy's own random
    numbers; `images` do not matter to proxies that see none."""


@dataclass(frozen=True, kw_only=True)
class How(Options):
    """All settings that decide a score besides its space, task, proxy and draw.

    The metadata of a chunk hold them, so that scores that were made otherwise are noticed.
    """

    seed: int

    @property
    def as_mapping(self) -> dict[str, Any]:
        """The settings as plain values, as JSON holds them."""
        values = {field.name: getattr(self, field.name) for field in fields(How)}
        return values | {"redraw": list(self.redraw)}


@dataclass(frozen=True, kw_only=True)
class ExtractSettings(How):
    """One chunk: the architectures from place ``start`` up to ``stop`` of the problem's random order.

    Draw 0 is the first; each later one draws anew what ``redraw`` names. ``digests`` are the listed digests
    of the files of the images.
    """

    space: str
    task: str
    images: str
    digests: list[str]
    proxies: list[str]
    draw: int
    start: int
    stop: int
    device: str
    torch_threads: int


def extract(
    *, settings_file: Path, order: Path, images: Sequence[Path] = (), output: Path, timings: Path
) -> None:
    """Compute the proxies of one pass group on one chunk of architectures.

    Parameters
    ----------
    settings_file
        JSON of ExtractSettings.
    order
        The order of the problem's architectures.
    images
        The files of the task's images, none if a package brings them.
    output
        Parquet: arch, graph, draw, and for each proxy a column (NaN if it is undefined) and a status.
    timings
        Parquet: seconds of the pass for each architecture. Only a figure reads it.
    """
    chosen = settings.load(settings_file, ExtractSettings)
    torch.set_num_threads(chosen.torch_threads)
    metadata = provenance.metadata("extract", settings.as_mapping(chosen), of_chunk=OF_A_CHUNK)
    for path, digest in zip(images, chosen.digests, strict=True):
        verified.check(path, digest)
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
    rows, seconds = [], []
    places = read_places(order, chosen.start, chosen.stop).to_dict("records")
    for place in track(places, f"{chosen.space}/{chosen.task}"):
        text = place["arch"]
        original = place["original"] if chosen.share_equal_graphs else text
        own = [proxy for proxy in proxies if proxy.counts_dead or text == original]
        scores = _scores(space, text, batches, own, chosen)
        status = {f"{name}_status": scores.status.get(name, AS + original) for name in chosen.proxies}
        rows.append({"arch": text, "graph": place["graph"], "draw": chosen.draw, **scores, **status})
        seconds += [{"arch": text, "pass": run, "seconds": s} for run, s in scores.seconds.items()]
    metadata |= {
        PROBLEM: f"{chosen.space}/{chosen.task}",
        "how": json.dumps(chosen.as_mapping),
        "minibatch": batches.described,
    }
    schema = feature_schema(chosen.proxies)
    parquet.write(output, pd.DataFrame(rows, columns=schema.names), schema, KEY, metadata)
    timed = pd.DataFrame(seconds, columns=TIMINGS.names)
    parquet.write(timings, timed, TIMINGS, ["arch", "pass"], metadata)


def _scores(
    space: Space, text: str, batches: Minibatches, proxies: Sequence[Proxy[Any]], chosen: ExtractSettings
) -> Scores:
    if not proxies:
        return Scores()
    arch, seed = space.parse(text), _seed("weights", chosen)
    weights = seed if chosen.share_equal_graphs else seeds.derive(seed, "a draw of its own", text)
    network = space.network(arch, chosen.task, weights).to(chosen.device)
    batch = batches(space.live(arch) if chosen.share_equal_graphs else text)
    return compute(network, batch, proxies, seeds.derive(seed, space.name, chosen.task, text))


def _seed(what: str, chosen: ExtractSettings) -> int:
    """Return the seed of ``weights`` or ``images`` in this draw."""
    anew = chosen.draw and what in chosen.redraw
    return seeds.derive(chosen.seed, "draw", chosen.draw) if anew else chosen.seed

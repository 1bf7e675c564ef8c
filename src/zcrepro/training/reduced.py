"""Train networks of a benchmark with less: smaller images, fewer channels, fewer epochs.

The accuracy of such a training is a proxy of its own, EcoNAS (Zhou et al., CVPR 2020), with which Abdelfattah
et al. (ICLR 2021) compare zero-cost proxies. Networks are the first ones of the problem's random order, and a
chunk is a slice of them, so that every prefix is an unbiased sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import torch
from annotated_types import Ge

from zcrepro import provenance, registry, seeds, settings
from zcrepro.fetching import verified
from zcrepro.files import parquet
from zcrepro.images.base import Subset, SubsetSource
from zcrepro.networks.precision import full_precision
from zcrepro.progress import track
from zcrepro.provenance import OF_TRAINING
from zcrepro.proxies.order import read_places
from zcrepro.spaces.base import Space
from zcrepro.training.fit import Options, accuracy, fit
from zcrepro.training.reduced_table import KEY, PROBLEM, RECIPE, SCHEMA


@dataclass(frozen=True, kw_only=True)
class ReducedSettings(Options):
    """Which architectures of a problem are trained, and how.

    Images have ``side`` pixels on each side, the first layer ``channels``. The training stops after
    ``stop_after`` epochs. ``digests`` are those listed for the files of the images.
    """

    recipe: str
    space: str
    task: str
    images: str
    digests: list[str]
    side: Annotated[int, Ge(1)]
    channels: Annotated[int, Ge(1)]
    stop_after: Annotated[int, Ge(1)]
    start: Annotated[int, Ge(0)]
    stop: Annotated[int, Ge(1)]
    seed: int
    device: str
    torch_threads: int


def train_reduced(*, settings_file: Path, order: Path, images: Sequence[Path] = (), output: Path) -> None:
    """Train a chunk of networks with less.

    Parameters
    ----------
    settings_file
        JSON of ReducedSettings.
    order
        The random order of the problem.
    images
        The files of the images, those of the test images last; none if a package contains them.
    output
        Parquet: arch, graph, epoch, accuracy in percent, images, and multiply-adds.
    """
    chosen = settings.load(settings_file, ReducedSettings)
    problem = f"{chosen.space}/{chosen.task}"
    metadata = provenance.metadata("train_reduced", settings.as_mapping(chosen), OF_TRAINING)
    metadata |= {PROBLEM: problem, RECIPE: chosen.recipe}
    for path, digest in zip(images, chosen.digests, strict=True):
        verified.check(path, digest)
    torch.set_num_threads(chosen.torch_threads)
    subsets = _source(chosen.images).subsets(images)
    places = read_places(order, chosen.start, chosen.stop)
    rows: list[dict[str, Any]] = []
    with full_precision():
        for text in track(list(places["arch"]), f"training {problem} as {chosen.recipe}"):
            trained = _trained(text, chosen, subsets["training"], subsets["test"])
            rows += [{"arch": text} | row for row in trained]
    frame = pd.DataFrame(rows).merge(places[["arch", "graph"]], on="arch")
    parquet.write(output, frame[SCHEMA.names], SCHEMA, KEY, metadata)


def _source(name: str) -> SubsetSource:
    source: SubsetSource = registry.get("images", name)
    if not hasattr(source, "subsets"):
        raise ValueError(f"networks cannot be trained on the images {name}: their file defines no `subsets`")
    return source


def _trained(text: str, chosen: ReducedSettings, training: Subset, test: Subset) -> Iterator[dict[str, Any]]:
    """Train one network, and yield its accuracy after each epoch."""
    space: Space = registry.get("space", chosen.space)
    arch = space.parse(text)
    key = ("reduced training", chosen.recipe, chosen.seed, chosen.space, chosen.task, text)
    network = space.network(arch, chosen.task, seeds.derive(*key), channels=chosen.channels)
    cost = space.multiply_adds(arch, chosen.task, chosen.channels, chosen.side)
    # In this layout, layers of few channels take up to a third less time on a CPU.
    network.to(device=chosen.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    for epoch in islice(fit(network, training, chosen, *key, side=chosen.side), chosen.stop_after):
        reached = accuracy(network, test, chosen.images, "test", side=chosen.side)
        yield {
            "epoch": epoch,
            "accuracy": reached,
            "images": epoch * len(training),
            "multiply_adds": cost,
        }

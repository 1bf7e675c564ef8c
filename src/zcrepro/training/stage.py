"""Train the embedded benchmark: every architecture from several seeds, for all epochs.

A shard contains a fixed number of architectures, taken from one fixed random order of distinct graphs. The
benchmark can therefore grow by further shards, and an interrupted run continues with the shard it was at.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import torch
from torch import nn

from zcrepro import provenance, registry, seeds, settings
from zcrepro.files import parquet
from zcrepro.images.base import Images, Subset, SubsetSource
from zcrepro.progress import track
from zcrepro.spaces.base import Space
from zcrepro.spaces.order import distinct_graphs, random_order

SCHEMA = pa.schema(
    [
        ("arch", pa.string()),
        ("graph", pa.string()),
        ("task", pa.string()),
        ("seed", pa.int64()),
        ("validation", pa.float64()),
        ("test", pa.float64()),
    ]
)

VIEWS = 4  # random augmentations in which each held-out image is evaluated


@dataclass(frozen=True)
class TrainSettings:
    """Settings of one shard: what it trains, and the hyperparameters."""

    space: str
    images: str
    task: str
    chunk: int
    chunk_size: int
    seeds: int
    epochs: int
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float
    torch_threads: int


def train(*, settings_file: Path, output: Path) -> None:
    """Train one shard of the embedded benchmark.

    Parameters
    ----------
    settings_file
        JSON of TrainSettings.
    output
        Parquet: arch, graph, task, seed, validation and test accuracy in percent.
    """
    chosen = settings.load(settings_file, TrainSettings)
    torch.set_num_threads(chosen.torch_threads)
    space: Space = registry.get("space", chosen.space)
    source: SubsetSource = registry.get("images", chosen.images)
    subsets = source.subsets()
    jobs = [(text, seed) for text in shard(space, chosen) for seed in range(chosen.seeds)]
    rows = []
    for text, seed in track(jobs, f"training {chosen.space} shard {chosen.chunk}"):
        arch = space.parse(text)
        key = ("training", seed)
        network = space.network(arch, chosen.task, seeds.derive(*key))
        fit(network, subsets["training"], chosen, *key, space.name, text)
        held_out = {
            part: accuracy(network, subsets[part], chosen.images, part) for part in ("validation", "test")
        }
        rows.append(
            {"arch": text, "graph": space.canonical(arch), "task": chosen.task, "seed": seed} | held_out
        )
    metadata = provenance.metadata("train", settings.as_mapping(chosen), of_chunk=("chunk", "chunk_size"))
    parquet.write(output, pd.DataFrame(rows), SCHEMA, ["arch", "seed"], metadata)


def shard(space: Space, chosen: TrainSettings) -> list[str]:
    """Return the texts of one shard: a slice of the distinct graphs in their fixed random order."""
    order = random_order(space, map(space.text, space.architectures()))
    start = chosen.chunk * chosen.chunk_size
    return distinct_graphs(space, order)[start : start + chosen.chunk_size]


def fit(network: nn.Module, subset: Subset, chosen: TrainSettings, *key: str | int) -> None:
    """Train ``network`` in place on ``subset``, with augmentations and batches drawn from ``key``.

    The optimiser is SGD with Nesterov momentum under a one-cycle learning-rate schedule. The images are
    augmented anew in every epoch.
    """
    steps = chosen.epochs * -(-len(subset) // chosen.batch_size)
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=chosen.learning_rate,
        momentum=chosen.momentum,
        nesterov=True,
        weight_decay=chosen.weight_decay,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, chosen.learning_rate, steps)
    rng = seeds.numpy_generator(*key)
    network.train()
    for _ in range(chosen.epochs):
        pixels, labels = _tensors(subset.view(rng))
        for batch in torch.from_numpy(rng.permutation(len(labels))).split(chosen.batch_size):
            optimiser.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(network(pixels[batch]), labels[batch]).backward()
            optimiser.step()
            schedule.step()


@torch.no_grad()
def accuracy(network: nn.Module, subset: Subset, *key: str | int) -> float:
    """Return the accuracy in percent over ``VIEWS`` augmentations of every image.

    ``key`` is the name of the images and of the subset, so that every network is evaluated on the same
    augmented images.
    """
    network.eval()
    right = total = 0
    for number in range(VIEWS):
        pixels, labels = _tensors(subset.view(seeds.numpy_generator(*key, number)))
        right += int((network(pixels).argmax(1) == labels).sum())
        total += len(labels)
    return 100 * right / total


def _tensors(images: Images) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(images.pixels), torch.from_numpy(images.labels)

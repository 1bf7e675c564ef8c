"""Train the embedded benchmark: every architecture from several seeds, for all epochs.

A shard contains a fixed number of architectures, taken from one fixed random order of distinct graphs. The
benchmark can therefore grow by further shards, and an interrupted run continues with the shard it was at.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import torch

from zcrepro import provenance, registry, seeds, settings
from zcrepro.files import parquet
from zcrepro.images.base import SubsetSource
from zcrepro.progress import track
from zcrepro.spaces.base import Space
from zcrepro.spaces.order import distinct_graphs, random_order
from zcrepro.training.fit import Options, accuracy, fit

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


@dataclass(frozen=True, kw_only=True)
class TrainSettings(Options):
    """What one shard trains, and how."""

    space: str
    images: str
    task: str
    chunk: int
    chunk_size: int
    seeds: int
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
    metadata = provenance.metadata("train", settings.as_mapping(chosen), of_chunk=("chunk", "chunk_size"))
    torch.set_num_threads(chosen.torch_threads)
    space: Space = registry.get("space", chosen.space)
    source: SubsetSource = registry.get("images", chosen.images)
    subsets = source.subsets(())
    jobs = [(text, seed) for text in shard(space, chosen) for seed in range(chosen.seeds)]
    rows = []
    for text, seed in track(jobs, f"training {chosen.space} shard {chosen.chunk}"):
        arch = space.parse(text)
        key = ("training", seed)
        network = space.network(arch, chosen.task, seeds.derive(*key))
        for _ in fit(network, subsets["training"], chosen, *key, space.name, text):
            pass
        held_out = {
            part: accuracy(network, subsets[part], chosen.images, part) for part in ("validation", "test")
        }
        rows.append(
            {"arch": text, "graph": space.canonical(arch), "task": chosen.task, "seed": seed} | held_out
        )
    parquet.write(output, pd.DataFrame(rows), SCHEMA, ["arch", "seed"], metadata)


def shard(space: Space, chosen: TrainSettings) -> list[str]:
    """Return the texts of one shard: a slice of the distinct graphs in their fixed random order."""
    order = random_order(space, map(space.text, space.architectures()))
    start = chosen.chunk * chosen.chunk_size
    return distinct_graphs(space, order)[start : start + chosen.chunk_size]

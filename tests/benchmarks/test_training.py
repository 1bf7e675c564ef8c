"""The embedded benchmark: what is tracked, and that retraining gives it again."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import zcrepro
from zcrepro import registry, sampling, seeds, settings, storage
from zcrepro.benchmarks._training import TrainSettings, accuracy, fit, train
from zcrepro.correlation import kendall, spearman
from zcrepro.proxies._engine import Batch, compute

RESOURCES = Path(__file__).parents[2] / "resources" / "embedded"
SETTINGS = {
    "images": "digits",
    "task": "digits",
    "chunk": 0,
    "chunk_size": 10,
    "seeds": 5,
    "epochs": 12,
    "batch_size": 64,
    "learning_rate": 0.1,
    "momentum": 0.9,
    "weight_decay": 5e-4,
    "torch_threads": 1,
}
SPACES = ["embedded_cell", "embedded_chain"]


@pytest.mark.parametrize("name", SPACES)
def test_the_tracked_architectures_are_the_first_distinct_graphs_of_the_random_order(name):
    space = zcrepro.get_space(name)
    frame = storage.read_parquet(RESOURCES / f"{name}.parquet")
    order = sampling.random_order(space, map(space.text, space.architectures()))
    assert set(frame["arch"]) == set(sampling.distinct_graphs(space, order)[:200])
    assert frame.groupby("arch")["seed"].apply(sorted).map(tuple).unique().tolist() == [(0, 1, 2, 3, 4)]
    assert (frame["graph"] == [space.canonical(space.parse(text)) for text in frame["arch"]]).all()


def split_half(by_seed, rng):
    """Spearman between the means of two random halves of the seeds."""
    seeds = rng.permutation(by_seed.columns)
    middle = len(seeds) // 2
    return spearman(by_seed[seeds[:middle]].mean(axis=1), by_seed[seeds[middle:]].mean(axis=1))


@pytest.mark.parametrize("name", SPACES)
def test_the_benchmark_ranks_and_ranking_it_is_not_trivial(name):
    frame = storage.read_parquet(RESOURCES / f"{name}.parquet")
    by_seed = frame.pivot(index="arch", columns="seed", values="test")
    mean = by_seed.mean(axis=1)
    better = by_seed[mean >= mean.median()]
    rng = np.random.default_rng(0)
    assert np.mean([split_half(by_seed, rng) for _ in range(100)]) >= 0.85
    assert np.mean([split_half(better, rng) for _ in range(100)]) >= 0.60
    assert (mean < 15).mean() <= 0.05
    space = zcrepro.get_space(name)
    proxies = [registry.get("proxies", proxy) for proxy in ("params", "flops", "l2_norm")]
    batch = Batch(torch.zeros(1, 1, 12, 12), torch.zeros(1, dtype=torch.long))
    networks = [space.network(space.parse(text), "digits") for text in mean.index]
    scores = [compute(network, batch, proxies, 0) for network in networks]
    for proxy in proxies:
        assert kendall([score[proxy.name] for score in scores], mean) <= 0.80


@pytest.mark.parametrize("name", SPACES)
def test_retraining_gives_the_tracked_accuracy_within_the_spread_of_seeds(name):
    space = zcrepro.get_space(name)
    frame = storage.read_parquet(RESOURCES / f"{name}.parquet").set_index(["arch", "seed"])
    by_arch = frame["test"].groupby("arch")
    text = (by_arch.mean() - by_arch.mean().median()).abs().idxmin()
    chosen = TrainSettings(space=name, **SETTINGS)
    splits = registry.get("images", "digits").splits()
    network = space.network(space.parse(text), "digits", seeds.derive("training", 0))
    fit(network, splits["training"], chosen, "training", 0, name, text)
    spread = by_arch.std().mean()
    assert accuracy(network, splits["test"], "test") == pytest.approx(
        frame.loc[(text, 0), "test"], abs=3 * spread
    )


def test_a_shard_has_a_row_for_each_architecture_and_seed_and_is_reproducible(tmp_path):
    small = SETTINGS | {"space": "embedded_chain", "chunk_size": 2, "seeds": 2, "epochs": 1}
    (tmp_path / "settings.json").write_text(json.dumps(small))
    for name in ("one", "two"):
        train(settings_file=tmp_path / "settings.json", output=tmp_path / f"{name}.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    frame = storage.read_parquet(tmp_path / "one.parquet")
    assert frame[["arch", "seed"]].drop_duplicates().shape == (4, 2)
    assert frame["validation"].between(0, 100).all()


def test_the_splits_are_disjoint_and_always_the_same():
    splits = registry.get("images", "digits").splits()
    assert {name: len(split.labels) for name, split in splits.items()} == {
        "training": 1000,
        "validation": 397,
        "test": 400,
    }
    again = registry.get("images", "digits").splits()
    assert all((splits[name].digits == again[name].digits).all() for name in splits)


def test_settings_are_those_that_the_configuration_brings():
    import yaml

    schema = yaml.safe_load((Path(__file__).parents[2] / "workflow/schemas/config.schema.yaml").read_text())
    defaults = {k: v["default"] for k, v in schema["properties"]["embedded"]["properties"].items()}
    shared = set(defaults) & set(SETTINGS)
    assert {key: SETTINGS[key] for key in shared} == {key: defaults[key] for key in shared}
    assert settings.as_mapping(TrainSettings(space="embedded_cell", **SETTINGS))["epochs"] == 12

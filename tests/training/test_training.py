"""The tracked results of the embedded benchmark, and their reproduction by retraining."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import zcrepro
from schema import read_schema
from zcrepro import registry, seeds, settings
from zcrepro.files import parquet
from zcrepro.images.base import Images
from zcrepro.proxies.engine import Batch, compute
from zcrepro.ranking.correlation import kendall, spearman
from zcrepro.spaces.order import distinct_graphs, random_order
from zcrepro.training.fit import accuracy, fit
from zcrepro.training.stage import TrainSettings, train

RESOURCES = Path(__file__).parents[2] / "resources" / "embedded"
SETTINGS = {
    "chunk": 0,
    "chunk_size": 10,
    "seeds": 5,
    "epochs": 12,
    "schedule": "one_cycle",
    "batch_size": 64,
    "learning_rate": 0.1,
    "momentum": 0.9,
    "weight_decay": 5e-4,
    "torch_threads": 1,
}
PROBLEMS = [
    (space, task) for space in ("embedded_cell", "embedded_chain") for task in ("digits", "turned_digits")
]
CHANCE = 15  # percent; guessing gives 10, and a network below 15 distinguishes little more than brightness


SEEDS = dict.fromkeys(PROBLEMS, 5) | {("embedded_chain", "turned_digits"): 8}


def tracked(name, task):
    frame = parquet.read(RESOURCES / f"{name}-{task}.parquet")
    assert set(frame["task"]) == {task}
    return frame


def test_every_task_of_the_embedded_spaces_is_tracked():
    tasks = {(name, task) for name, _ in PROBLEMS for task in zcrepro.get_space(name).tasks}
    assert set(PROBLEMS) == tasks


@pytest.mark.parametrize(("name", "task"), PROBLEMS)
def test_the_tracked_architectures_are_the_first_distinct_graphs_of_the_random_order(name, task):
    space = zcrepro.get_space(name)
    frame = tracked(name, task)
    order = random_order(space, map(space.text, space.architectures()))
    assert set(frame["arch"]) == set(distinct_graphs(space, order)[:200])
    seeds = frame.groupby("arch")["seed"].apply(sorted).map(tuple).unique().tolist()
    assert seeds == [tuple(range(SEEDS[name, task]))]
    assert (frame["graph"] == [space.canonical(space.parse(text)) for text in frame["arch"]]).all()


def split_half(by_seed, rng):
    """Return Spearman's rho between the mean accuracies of two random halves of the seeds."""
    seeds = rng.permutation(by_seed.columns)
    middle = len(seeds) // 2
    return spearman(by_seed[seeds[:middle]].mean(axis=1), by_seed[seeds[middle:]].mean(axis=1))


@pytest.mark.parametrize(("name", "task"), PROBLEMS)
def test_the_benchmark_ranks_and_ranking_it_is_not_trivial(name, task):
    by_seed = tracked(name, task).pivot(index="arch", columns="seed", values="test")
    mean = by_seed.mean(axis=1)
    better = by_seed[mean >= mean.median()]
    rng = np.random.default_rng(0)
    assert np.mean([split_half(by_seed, rng) for _ in range(100)]) >= 0.85
    assert np.mean([split_half(better, rng) for _ in range(100)]) >= 0.60
    assert (mean < CHANCE).mean() <= 0.05
    space = zcrepro.get_space(name)
    proxies = [registry.get("proxies", proxy) for proxy in ("params", "flops", "l2_norm")]
    batch = Batch(torch.zeros(1, *space.task_shape(task).input), torch.zeros(1, dtype=torch.long))
    networks = [space.network(space.parse(text), task) for text in mean.index]
    scores = [compute(network, batch, proxies, 0) for network in networks]
    for proxy in proxies:
        assert kendall([score[proxy.name] for score in scores], mean) <= 0.80


@pytest.mark.parametrize("name", ["embedded_cell", "embedded_chain"])
def test_the_two_tasks_do_not_rank_alike(name):
    by_task = {
        task: tracked(name, task).groupby("arch")["test"].mean() for task in ("digits", "turned_digits")
    }
    assert kendall(by_task["digits"], by_task["turned_digits"]) < 0.85


@pytest.mark.parametrize("quantile", [0.25, 0.75])
@pytest.mark.parametrize(("name", "task"), PROBLEMS)
def test_retraining_gives_the_tracked_accuracy_within_the_spread_of_seeds(name, task, quantile):
    space = zcrepro.get_space(name)
    frame = tracked(name, task).set_index(["arch", "seed"])
    by_arch = frame["test"].groupby("arch")
    text = (by_arch.mean() - by_arch.mean().quantile(quantile)).abs().idxmin()
    chosen = TrainSettings(space=name, images=task, task=task, **SETTINGS)
    subsets = registry.get("images", task).subsets()
    network = space.network(space.parse(text), task, seeds.derive("training", 0))
    assert list(fit(network, subsets["training"], chosen, "training", 0, name, text)) == [*range(1, 13)]
    spread = by_arch.std().mean()
    for part in ("validation", "test"):
        assert accuracy(network, subsets[part], task, part) == pytest.approx(
            frame.loc[(text, 0), part], abs=3 * spread
        )


@pytest.mark.parametrize("task", ["digits", "turned_digits"])
def test_a_shard_has_a_row_for_each_architecture_and_seed_and_is_reproducible(tmp_path, task):
    small = SETTINGS | {"space": "embedded_chain", "images": task, "task": task}
    small |= {"chunk_size": 2, "seeds": 2, "epochs": 1}
    (tmp_path / "settings.json").write_text(json.dumps(small))
    for name in ("one", "two"):
        train(settings_file=tmp_path / "settings.json", output=tmp_path / f"{name}.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    frame = parquet.read(tmp_path / "one.parquet")
    assert set(frame["task"]) == {task}
    assert frame[["arch", "seed"]].drop_duplicates().shape == (4, 2)
    assert frame["validation"].between(0, 100).all()


def linear(weight, bias):
    layer = torch.nn.Linear(2, 2)
    layer.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})
    return layer


class Oracle:
    """Two images that are the one-hot codes of their labels; records what each view would draw."""

    views = 3

    def __init__(self):
        self.drawn = []

    def __len__(self):
        return 2

    def view(self, rng, side=None):
        assert side is None
        self.drawn.append(int(rng.integers(2**32)))
        return Images(np.eye(2, dtype=np.float32), np.array([0, 1]))


def test_accuracy_is_a_percentage_over_views_that_the_name_of_the_images_and_the_part_decide():
    validation, again, test = Oracle(), Oracle(), Oracle()
    as_they_are = linear([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0])
    always_the_first = linear([[0.0, 0.0], [0.0, 0.0]], [1.0, 0.0])
    assert accuracy(as_they_are, validation, "any", "validation") == 100
    assert accuracy(always_the_first, again, "any", "validation") == 50
    accuracy(as_they_are, test, "any", "test")
    assert len(set(validation.drawn)) == Oracle.views
    assert validation.drawn == again.drawn
    assert not set(validation.drawn) & set(test.drawn)


def test_settings_are_those_that_the_configuration_brings():
    import yaml

    root = Path(__file__).parents[2]
    schema = read_schema(root / "workflow/schemas/config.schema.yaml")
    trained = yaml.safe_load((root / "config/quickstart.yaml").read_text())["embedded"]["problems"]
    assert {tuple(run["problem"].split("/")): run.get("seeds", 5) for run in trained} == SEEDS
    defaults = {k: v["default"] for k, v in schema["properties"]["embedded"]["properties"].items()}
    shared = set(defaults) & set(SETTINGS)
    assert {key: SETTINGS[key] for key in shared} == {key: defaults[key] for key in shared}
    chosen = TrainSettings(space="embedded_cell", images="digits", task="digits", **SETTINGS)
    assert settings.as_mapping(chosen)["epochs"] == 12

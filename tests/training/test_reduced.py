"""Trainings with less: what a chunk holds, that it depends on nothing but its settings, and how chunks are joined."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import torch

import zcrepro
from zcrepro import seeds
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.files.json import write_sealed
from zcrepro.proxies.order import order
from zcrepro.training.reduced import train_reduced
from zcrepro.training.reduced_table import SCHEMA, trainings

SETTINGS = {
    "recipe": "r6c2",
    "space": "embedded_cell",
    "task": "digits",
    "images": "digits",
    "digests": [],
    "epochs": 3,
    "schedule": "cosine",
    "batch_size": 200,
    "learning_rate": 0.1,
    "momentum": 0.9,
    "weight_decay": 5e-4,
    "side": 6,
    "channels": 2,
    "stop_after": 2,
    "start": 0,
    "stop": 2,
    "seed": 1,
    "device": "cpu",
    "torch_threads": 1,
}
CIFAR10 = SETTINGS | {
    "recipe": "r4c2",
    "space": "nasbench201",
    "task": "cifar10",
    "images": "cifar10",
    "batch_size": 8,
    "side": 4,
    "stop": 1,
}


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    """Return a folder with the order of three architectures of each space."""
    folder = tmp_path_factory.mktemp("orders")
    for chosen in (SETTINGS, CIFAR10):
        space, task = zcrepro.get_space(chosen["space"]), chosen["task"]
        archs = [space.sample(np.random.default_rng(seed)) for seed in range(3)]
        frame = pd.DataFrame({"arch": map(space.text, archs), "graph": map(space.canonical, archs)})
        frame = frame.assign(task=task, metric="test", accuracy=50.0, seeds=1, source="made up")
        parquet.write(folder / "accuracies.parquet", frame, ACCURACIES, ["arch"], {})
        write_sealed(
            folder / "settings.json",
            {"space": space.name, "task": task, "among": "accuracies", "max_flops": 0},
        )
        order(
            settings_file=folder / "settings.json",
            known=folder / "accuracies.parquet",
            output=folder / f"{space.name}.parquet",
        )
    return folder


@pytest.fixture
def run(tmp_path, orders):
    """Return a function that trains a chunk and returns its path."""

    def run(name="chunk", files=(), chosen=SETTINGS, **changes):
        chosen = chosen | changes
        write_sealed(tmp_path / "settings.json", chosen)
        train_reduced(
            settings_file=tmp_path / "settings.json",
            order=orders / f"{chosen['space']}.parquet",
            images=files,
            output=tmp_path / f"{name}.parquet",
        )
        return tmp_path / f"{name}.parquet"

    return run


def rows(path):
    return parquet.read(path).set_index(["arch", "epoch"]).sort_index()


def test_a_chunk_has_a_row_for_each_epoch_of_its_networks(run, orders):
    frame = parquet.read(run(start=1, stop=3))
    places = parquet.read(orders / "embedded_cell.parquet").sort_values("place")
    space = zcrepro.get_space("embedded_cell")
    assert set(frame["arch"]) == set(places["arch"][1:3])
    for text, of in frame.groupby("arch"):
        arch = space.parse(text)
        assert of["epoch"].tolist() == [1, 2]
        assert of["images"].tolist() == [1000, 2000]
        assert of["multiply_adds"].tolist() == [space.multiply_adds(arch, "digits", 2, 6)] * 2
        assert set(of["graph"]) == {space.canonical(arch)}
    assert frame["accuracy"].between(0, 100).all()
    views = 4 * 400  # of the test images
    assert (frame["accuracy"] * views / 100).tolist() == pytest.approx(
        (frame["accuracy"] * views / 100).round().tolist()
    )


def test_a_chunk_is_reproducible_and_says_how_it_was_made(run):
    first, again = run("first", stop=1), run("again", stop=1)
    assert first.read_bytes() == again.read_bytes()
    made = parquet.metadata(first)
    assert (made["stage"], made["problem"], made["recipe"]) == (
        "train_reduced",
        "embedded_cell/digits",
        "r6c2",
    )
    assert parquet.schema_of(first).remove_metadata() == SCHEMA


def test_on_a_gpu_a_network_would_be_trained_in_full_precision_and_by_deterministic_kernels(run, monkeypatch):
    noted = []
    backends = torch.backends

    def forward(self, x):
        noted.append((backends.cudnn.deterministic, backends.cudnn.conv.fp32_precision))
        return torch.nn.functional.linear(x, self.weight, self.bias)

    monkeypatch.setattr(torch.nn.Linear, "forward", forward)
    run("precise", stop=1)
    assert set(noted) == {(True, "ieee")}


def test_a_network_is_trained_alike_in_every_chunk_and_chunks_are_joined(run, tmp_path):
    together = run("together", start=0, stop=2)
    chunks = [run(f"{start}", start=start, stop=start + 1) for start in (1, 0)]
    trainings(chunks=chunks, output=tmp_path / "joined.parquet")
    pd.testing.assert_frame_equal(rows(tmp_path / "joined.parquet"), rows(together), check_exact=True)
    made = parquet.metadata(tmp_path / "joined.parquet")
    assert (made["stage"], made["problem"], made["recipe"]) == ("trainings", "embedded_cell/digits", "r6c2")


def test_a_training_that_stops_earlier_has_the_same_first_epochs(run):
    short, long = rows(run("short", stop=1, stop_after=1)), rows(run("long", stop=1, stop_after=3))
    assert len(short) == 1
    assert len(long) == 3
    pd.testing.assert_frame_equal(short, long[:1], check_exact=True)


@pytest.mark.parametrize(
    "changes",
    [{"seed": 2}, {"side": 5}, {"channels": 3}, {"schedule": "one_cycle"}, {"recipe": "r6c2_again"}],
)
def test_another_setting_gives_another_training(run, changes):
    one, other = (rows(run(name, stop=1, **of)) for name, of in (("one", {}), ("other", changes)))
    assert one["accuracy"].tolist() != other["accuracy"].tolist()


def test_chunks_of_several_devices_are_joined(run, tmp_path):
    chunks = [run("0-1", stop=1), run("1-2", start=1, stop=2, torch_threads=2, device="cpu:0")]
    trainings(chunks=chunks, output=tmp_path / "joined.parquet")
    assert len(parquet.read(tmp_path / "joined.parquet")) == 4
    assert [parquet.metadata(path)["device"] for path in chunks] == ["cpu", "cpu:0"]


@pytest.mark.parametrize("changes", [{"recipe": "r6c3"}, {"momentum": 0.8}])
def test_chunks_of_another_recipe_or_of_other_settings_are_not_joined(run, tmp_path, changes):
    chunks = [run("0-1", stop=1), run("1-2", start=1, **changes)]
    with pytest.raises(ValueError, match=r"1-2\.parquet differs in (recipe|shared) from .*0-1\.parquet"):
        trainings(chunks=chunks, output=tmp_path / "joined.parquet")
    assert not (tmp_path / "joined.parquet").exists()


def cifar10(path, labels):
    """Write a file of random photographs with the given labels."""
    rng = np.random.default_rng(seeds.derive(path.name))
    records = rng.integers(256, size=(len(labels), 3073), dtype=np.uint8)
    records[:, 0] = labels
    path.write_bytes(records.tobytes())
    return path


def test_accuracies_are_those_on_the_images_of_the_last_file(run, tmp_path):
    files = [cifar10(tmp_path / "1.bin", [3] * 40), cifar10(tmp_path / "2.bin", [3] * 24)]
    files.append(cifar10(tmp_path / "test.bin", [3, 3, 3, 5]))
    digests = [f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files]
    frame = parquet.read(run(chosen=CIFAR10, files=files, digests=digests))
    assert frame["images"].tolist() == [64, 128]
    assert frame["accuracy"].tolist()[-1] == 75  # what it learns is to say 3
    damaged = files[1].read_bytes().replace(b"\x07", b"\x08", 1)
    files[1].write_bytes(damaged)
    with pytest.raises(ValueError, match=r"2\.bin is not the listed file: expected sha256:"):
        run(chosen=CIFAR10, files=files, digests=digests)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": "cifar100"}, "cannot be trained on the images cifar100"),
        ({"images": "cifar10"}, r"needs its files data_batch_\*\.bin and then test_batch\.bin"),
        ({"stop": 4}, r"at least 4 architectures were asked for, but .* has 3"),
        ({"side": 0}, r"settings\.json: side: "),
        ({"epoch": 3}, r"settings\.json: unknown key 'epoch'; did you mean 'epochs'"),
    ],
)
def test_what_cannot_be_trained_is_named(run, changes, message):
    with pytest.raises(ValueError, match=message):
        run(**changes)

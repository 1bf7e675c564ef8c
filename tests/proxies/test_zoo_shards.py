"""The tracked scores of the models of PyTorchCV: of every model within the limit, and computed again."""

import json
from pathlib import Path

import pytest
import torch

import zcrepro
from zcrepro.files import parquet
from zcrepro.files.yaml import read_yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "resources/released/pytorchcv/cifar10-zoo"
SPACE = zcrepro.get_space("pytorchcv")


@pytest.mark.parametrize("group", ["structure", "gradients", "synflow"])
def test_every_model_within_the_limit_has_a_score_in_both_draws(group):
    limit = read_yaml(ROOT / "config/config.yaml")["spaces"]["pytorchcv"]["max_flops"]
    found = parquet.read(FOLDER / f"{group}.parquet")
    assert found.groupby("draw").size().to_dict() == {0: 33, 1: 33}
    assert set(found["arch"]) <= {SPACE.text(arch) for arch in SPACE.architectures()}
    assert (found.filter(like="_status") == "ok").all(axis=None)
    if group == "structure":
        assert found["flops"].between(4e7, limit).all()


def test_synflow_of_a_model_is_that_of_the_packages_weights():
    shard = FOLDER / "synflow.parquet"
    seed = json.loads(parquet.metadata(shard)["how"])["seed"]
    network = SPACE.network(SPACE.parse("resnet20_cifar10"), "cifar10", seed)
    found = zcrepro.score(network, torch.zeros(2, 3, 32, 32), torch.tensor([0, 1]), ["synflow"])
    tracked = parquet.read(shard, where=("draw", [0])).set_index("arch")["synflow"]
    assert found["synflow"] == pytest.approx(tracked["resnet20_cifar10"], rel=1e-6)

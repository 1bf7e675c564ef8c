"""NDS ResNeXt-A and -B on the real files: the parameters and flops of every network."""

import json

import pytest
import torch

import zcrepro

pytestmark = pytest.mark.data


@pytest.mark.parametrize(
    ("name", "file", "networks"),
    [
        ("nds_resnext_a", "nds/ResNeXt-A_in.json", 130),
        ("nds_resnext_b", "nds/ResNeXt-B_in.json", 164),
    ],
)
def test_every_published_count_on_imagenet_is_that_of_our_network(real, name, file, networks):
    space = zcrepro.get_space(name)
    records = json.loads(real(file).read_text())
    assert len(records) == networks
    for record in records:
        with torch.device("meta"):
            network = space.blueprint(space.from_net(record["net"]), "ImageNet")
            flops = space.count_flops(network, torch.zeros(1, *space.tasks["ImageNet"].input))
        assert sum(p.numel() for p in network.parameters()) == record["params"], record["net"]
        assert flops == record["flops"], record["net"]


def test_the_records_take_every_value_of_the_space(real):
    space = zcrepro.get_space("nds_resnext_a")
    arches = [
        space.from_net(record["net"]) for record in json.loads(real("nds/ResNeXt-A_in.json").read_text())
    ]
    assert len(set(arches)) == 130
    for place, values in enumerate(space.values.values()):
        for stage in range(3):
            assert {arch[stage][place] for arch in arches} == set(values)

"""The size space of NATS-Bench: texts, the fixed cell, and published counts."""

import pytest
import torch
from torch import nn

import zcrepro
from zcrepro.spaces._layers import ConvBN
from zcrepro.spaces.nasbench201 import SPACE as NASBENCH201
from zcrepro.spaces.natsbench_sss import SizedCell

SPACE = zcrepro.get_space("natsbench_sss")
CELL = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"


def test_a_text_is_five_numbers_of_channels():
    assert SPACE.parse("8:8:16:40:64") == ("8", "8", "16", "40", "64")
    assert SPACE.size == 32_768


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8:8:8:8", "expected 5 operations, found 4"),
        ("8:8:8:8:12", "unknown operation '12'"),
        ("8:8:8:8:72", "unknown operation '72'"),
        ("8:8:08:8:8", "unknown operation '08'"),
    ],
)
def test_a_text_that_is_none_names_what_is_wrong(text, message):
    with pytest.raises(ValueError, match=message):
        SPACE.parse(text)


def test_the_architectures_are_in_the_order_of_the_archive():
    texts = [SPACE.text(arch) for arch in SPACE.architectures()]
    assert (texts[0], texts[12], texts[-1]) == ("8:8:8:8:8", "8:8:8:16:40", "64:64:64:64:64")


@pytest.mark.parametrize(
    ("text", "parameters", "flops"),
    [
        ("8:8:8:8:8", 11_714, None),
        ("8:8:8:16:40", 67_378, 7_991_706),
        ("8:8:16:40:40", 107_826, None),
        ("64:64:64:64:64", 713_674, None),
    ],
)
def test_counts_on_cifar10_are_the_published_ones(text, parameters, flops):
    arch = SPACE.parse(text)
    assert SPACE.parameters(arch, "cifar10") == parameters
    assert flops is None or SPACE.flops(arch, "cifar10") == flops


@pytest.mark.parametrize("task", SPACE.tasks)
def test_the_numbers_are_the_channels_in_their_order(task):
    with torch.device("meta"):
        network = SPACE.blueprint(SPACE.parse("8:16:24:32:40"), task)
        outputs = [torch.zeros(2, *SPACE.tasks[task].input)]
        for module in (network.stem, *network.cells):
            outputs.append(module(outputs[-1]))
    side = SPACE.tasks[task].input[-1]
    assert [tuple(x.shape[1:]) for x in outputs[1:]] == [
        (8, side, side),
        (8, side, side),
        (16, side // 2, side // 2),
        (24, side // 2, side // 2),
        (32, side // 4, side // 4),
        (40, side // 4, side // 4),
    ]


def test_the_cell_is_the_one_of_nasbench201():
    """With equal channels and equal weights per edge, the outputs are equal."""
    ours, theirs = SizedCell(16, 16), NASBENCH201.network(NASBENCH201.parse(CELL), "cifar10").cells[0]
    ours.load_state_dict(theirs.state_dict())
    images = torch.randn(2, 16, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(ours(images), theirs(images))


def test_the_skip_connection_is_projected_without_relu_where_the_channels_change():
    assert isinstance(SizedCell(8, 8).edge03, nn.Identity)
    assert isinstance(SizedCell(8, 16).edge03, ConvBN)

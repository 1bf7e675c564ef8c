"""The standard design spaces of NDS: texts, records, and published counts of single networks."""

import pytest
import torch
from torch import nn

import zcrepro
from samples.nds import RESNEXT_NET
from zcrepro.networks.multiply_adds import multiply_adds
from zcrepro.spaces._convolutions import conv_bn_relu
from zcrepro.spaces._stages import BasicBlock, BottleneckBlock, Network, PlainBlock, stage_flops

RESNET = zcrepro.get_space("nds_resnet")
VANILLA = zcrepro.get_space("nds_vanilla")
RESNEXT_A = zcrepro.get_space("nds_resnext_a")
RESNEXT_B = zcrepro.get_space("nds_resnext_b")

RESNEXT_TEXT = "d1w16r4g1|d2w128r2g2|d4w256r4g4"


def net(block_type, depths, widths):
    """Return the ``net`` of a record of CIFAR-10 without ratios and groups."""
    stem = {"block_type": block_type, "ss": [1, 1, 2, 2], "bot_muls": [], "num_gs": []}
    return stem | {"ds": [1, *depths], "ws": [16, *widths]}


@pytest.mark.parametrize(
    ("space", "size"),
    [(RESNET, 1_259_712), (VANILLA, 1_259_712), (RESNEXT_A, 11_390_625), (RESNEXT_B, 52_734_375)],
)
def test_the_spaces_are_of_the_published_sizes(space, size):
    assert space.size == size


def test_a_text_names_depth_width_ratio_and_groups_of_each_stage():
    assert RESNEXT_A.parse(RESNEXT_TEXT) == ((1, 16, 4, 1), (2, 128, 2, 2), (4, 256, 4, 4))
    assert RESNET.parse("d1w16|d24w32|d3w160") == ((1, 16), (24, 32), (3, 160))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("d1w16|d1w16", "expected 3 stages, found 2"),
        ("d1w16|d5w16|d1w16", "unknown stage 'd5w16'"),
        ("d1w16|d1w17|d1w16", "unknown stage 'd1w17'"),
        ("d1w16|d1w16r1g1|d1w16", "unknown stage 'd1w16r1g1'"),
        ("d01w16|d1w16|d1w16", "is not written as 'd1w16"),
    ],
)
def test_a_text_that_is_none_names_what_is_wrong(text, message):
    with pytest.raises(ValueError, match=message):
        RESNET.parse(text)


def test_every_number_of_every_stage_can_be_edited():
    arch = RESNEXT_B.parse("d1w64r1g1|d1w64r1g1|d1w64r1g1")
    neighbours = RESNEXT_B.neighbours(arch)
    assert len(neighbours) == 3 * (4 + 4 + 2 + 4)
    assert RESNEXT_B.parse("d1w64r1g1|d1w64r1g16|d1w64r1g1") in neighbours
    assert RESNEXT_B.distance(arch, RESNEXT_B.parse("d1w64r1g1|d1w64r2g16|d2w64r1g1")) == 3


def test_there_are_too_many_to_enumerate():
    with pytest.raises(ValueError, match="nds_vanilla is too large to enumerate"):
        VANILLA.architectures()


def test_a_record_becomes_its_text_without_the_stem():
    assert RESNEXT_A.text(RESNEXT_A.from_net(RESNEXT_NET)) == RESNEXT_TEXT
    record = net("res_basic_block", [2, 3, 3], [32, 128, 160])
    assert RESNET.text(RESNET.from_net(record)) == "d2w32|d3w128|d3w160"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"block_type": "res_basic_block"}, "other blocks, strides or stem"),
        ({"genotype": {}, "block_type": None}, "other blocks, strides or stem"),
        ({"ss": [8, 2, 2, 2]}, "other blocks, strides or stem"),
        ({"ss": [4, 1, 2, 2]}, "other blocks, strides or stem"),
        ({"ws": [32, 16, 128, 256]}, "other blocks, strides or stem"),
        ({"ws": [64, 16, 128, 512]}, "unknown stage 'd4w512r4g4'"),
        ({"bot_muls": [1.0, 0.25, 0.3, 0.25]}, "unknown stage 'd2w128r3.33333g2'"),
    ],
)
def test_a_record_of_another_space_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        RESNEXT_A.from_net(RESNEXT_NET | change)


@pytest.mark.parametrize(
    ("space", "text", "parameters", "flops"),
    [
        (RESNET, "d2w32|d3w128|d3w160", 2_174_234, 322_469_450),
        (RESNET, "d24w24|d2w32|d24w32", 732_810, 298_101_066),
        (VANILLA, "d3w40|d2w160|d2w256", 2_971_514, 411_060_746),
        (VANILLA, "d4w16|d2w80|d4w24", 258_314, 71_139_578),
    ],
)
def test_counts_on_cifar10_are_those_of_the_released_reruns(space, text, parameters, flops):
    arch = space.parse(text)
    assert space.parameters(arch, "cifar10") == parameters
    assert space.flops(arch, "cifar10") == flops


@pytest.mark.parametrize(
    ("block", "depths", "widths", "parameters", "flops"),
    [
        (BasicBlock, (5, 2, 3, 10), (32, 32, 32, 192, 128), 5_040_584, 873_987_944),
        (BasicBlock, (12, 8, 5, 10), (32, 48, 128, 64, 16), 3_263_880, 3_498_947_064),
        (PlainBlock, (5, 2, 3, 10), (32, 32, 32, 192, 128), 5_008_136, 870_431_720),
        (PlainBlock, (10, 16, 10, 6), (32, 128, 32, 32, 128), 5_149_576, 9_378_224_104),
    ],
)
def test_the_blocks_are_those_of_the_released_imagenet_sweep(block, depths, widths, parameters, flops):
    """Four stages of the same blocks after the stem of ResNet-50, which is another space."""
    channels, *stage_widths = widths
    with torch.device("meta"):
        pool = nn.MaxPool2d(3, stride=2, padding=1)
        stem = nn.Sequential(conv_bn_relu(3, channels, 7, stride=2), pool)
        stages = tuple(zip(depths, stage_widths, strict=True))
        network = Network(stem, channels, block, stages, (1, 2, 2, 2), 1000)
        images = torch.zeros(1, 3, 224, 224)
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert stage_flops(network, images) == flops


def test_resnet50_is_made_of_the_same_bottlenecks():
    """ResNet-50 (He et al., 2016) as torchvision builds it, with the stride on the 3x3 convolution."""
    stages = ((3, 256, 4, 1), (4, 512, 4, 1), (6, 1024, 4, 1), (3, 2048, 4, 1))
    with torch.device("meta"):
        stem = nn.Sequential(conv_bn_relu(3, 64, 7, stride=2), nn.MaxPool2d(3, stride=2, padding=1))
        network = Network(stem, 64, BottleneckBlock, stages, (1, 2, 2, 2), 1000)
        images = torch.zeros(1, 3, 224, 224)
    assert sum(p.numel() for p in network.parameters()) == 25_557_032
    assert multiply_adds(network, images) == 4_089_184_256


def test_a_shortcut_is_projected_only_where_the_shape_changes():
    assert isinstance(BasicBlock(8, 8, 1).shortcut, nn.Identity)
    assert not isinstance(BasicBlock(8, 8, 2).shortcut, nn.Identity)
    assert not isinstance(BasicBlock(8, 16, 1).shortcut, nn.Identity)


def test_a_block_adds_its_input():
    block = BasicBlock(4, 4, 1).eval()
    nn.init.zeros_(block.transform[1][1].weight)
    images = torch.rand(2, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(block(images), images)


def test_every_block_ends_in_relu():
    images = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    for block in (PlainBlock(4, 4, 1), BasicBlock(4, 4, 1), BottleneckBlock(4, 4, 1, ratio=2, groups=1)):
        assert block(images).min() == 0


def test_groups_are_a_number_of_groups_not_their_width():
    conv = BottleneckBlock(64, 128, 1, ratio=2, groups=16).transform[1][0]
    assert (conv.in_channels, conv.groups) == (64, 16)


def test_the_flops_of_a_batch_are_so_many_times_those_of_an_image():
    network = RESNET.blueprint(RESNET.parse("d1w16|d1w16|d1w16"), "cifar10")
    one = stage_flops(network, torch.zeros(1, 3, 32, 32))
    assert stage_flops(network, torch.zeros(3, 3, 32, 32)) == 3 * one

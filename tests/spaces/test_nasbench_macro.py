"""NAS-Bench-Macro: zeros without effect, networks, and published counts."""

import pytest
import torch
from torch import nn

import zcrepro
from zcrepro.spaces.base import Space
from zcrepro.spaces.nasbench_macro import InvertedResidual

SPACE = zcrepro.get_space("nasbench_macro")


def convolutions(text):
    network = SPACE.blueprint(SPACE.parse(text), "cifar10")
    return [m for layer in network.layers for m in layer.modules() if isinstance(m, nn.Conv2d)]


def test_a_text_is_one_digit_a_place():
    assert SPACE.parse("02012100") == ("0", "2", "0", "1", "2", "1", "0", "0")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0201210", "expected 8 operations, found 7"),
        ("02012103", "unknown operation '3'"),
        ("0201 2100", "found 9"),
    ],
)
def test_a_text_that_is_none_names_what_is_wrong(text, message):
    with pytest.raises(ValueError, match=message):
        SPACE.parse(text)


def test_the_6561_texts_are_3969_graphs():
    assert len({SPACE.canonical(arch) for arch in SPACE.architectures()}) == 3969


def test_nothing_is_nothing_wherever_it_stands_but_first_in_a_stage():
    first, second = SPACE.parse("01002102"), SPACE.parse("01020120")
    assert SPACE.canonical(first) == SPACE.canonical(second) == "01020120"
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(SPACE.network(first, "cifar10")(images), SPACE.network(second, "cifar10")(images))
    assert SPACE.canonical(SPACE.parse("10000000")) != SPACE.canonical(SPACE.parse("01000000"))


def test_the_first_of_a_stage_halves_and_doubles_even_where_it_is_nothing():
    strides = [(conv.in_channels, conv.out_channels, conv.stride[0]) for conv in convolutions("00000000")]
    assert strides == [(32, 64, 2), (64, 128, 2), (128, 256, 2)]


def test_1_and_2_are_mobilenets_blocks_of_expansion_3_and_6_and_kernel_3_and_5():
    small, large = convolutions("10000000")[:3], convolutions("20000000")[:3]
    assert [conv.out_channels for conv in small] == [96, 96, 64]
    assert [conv.out_channels for conv in large] == [192, 192, 64]
    assert (small[1].kernel_size, small[1].groups, small[1].stride) == ((3, 3), 96, (2, 2))
    assert (large[1].kernel_size, large[1].groups, large[1].stride) == ((5, 5), 192, (2, 2))


def test_only_a_block_of_stride_1_has_a_shortcut():
    images = torch.rand(2, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    for stride in (1, 2):
        block = InvertedResidual(4, 4, stride, expansion=3, kernel=3).eval()
        nn.init.zeros_(block.transform[2][1].weight)
        outputs = block(images)
        assert torch.equal(outputs, images if stride == 1 else torch.zeros(2, 4, 3, 3))


@pytest.mark.parametrize(
    ("text", "parameters", "flops"),
    [
        ("02012100", 890_666, 47_327_744),
        ("11111221", 2_181_386, 65_012_224),
        ("00011110", 1_118_378, 31_390_208),
        ("22222202", 2_101_098, 92_463_616),
    ],
)
def test_counts_are_the_published_ones(text, parameters, flops):
    arch = SPACE.parse(text)
    assert SPACE.parameters(arch, "cifar10") == parameters
    assert SPACE.flops(arch, "cifar10") == flops
    assert Space.parameters(SPACE, arch, "cifar10") == parameters  # of the network itself, not added up
    assert Space.flops(SPACE, arch, "cifar10") == flops

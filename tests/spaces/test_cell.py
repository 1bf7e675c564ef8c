"""The NAS-Bench-201 cell: canonical forms, live forms and the weights that they determine."""

import pytest
import torch

import zcrepro
from zcrepro.spaces.cell import live_form

SPACE = zcrepro.get_space("nasbench201")
SMALL = zcrepro.get_space("embedded_cell")


def cell(*operations):
    names = {
        "0": "none",
        "s": "skip_connect",
        "1": "nor_conv_1x1",
        "3": "nor_conv_3x3",
        "p": "avg_pool_3x3",
    }
    return tuple(names[operation] for operation in operations)


def features(arch, seed=0):
    network = SMALL.network(arch, "digits", seed).double()
    images = torch.randn(4, 1, 12, 12, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    return network(images)


def test_the_15625_texts_fall_into_the_6466_published_classes():
    assert len({SPACE.canonical(arch) for arch in SPACE.architectures()}) == 6466


def test_341_cells_have_a_disconnected_output():
    assert sum(live_form(arch)[0] == "" for arch in SPACE.architectures()) == 341


def test_skip_connections_are_followed_and_what_comes_from_nothing_is_nothing():
    direct, over_one = cell("0", "0", "0", "3", "0", "0"), cell("s", "0", "0", "0", "3", "0")
    assert SPACE.canonical(direct) == SPACE.canonical(over_one) == "#+#+(0)@nor_conv_3x3"
    from_nothing = cell("0", "0", "0", "0", "0", "3")
    assert SPACE.canonical(from_nothing) == "#+#+(#+#)@nor_conv_3x3"


def test_equal_live_forms_compute_the_same_function_of_the_same_weights():
    # Both are one 3x3 convolution from input to output, through node 1 and through node 2.
    over_one, over_two = cell("3", "0", "0", "0", "s", "0"), cell("0", "3", "0", "0", "0", "s")
    assert over_one != over_two
    assert live_form(over_one)[0] == live_form(over_two)[0]
    torch.testing.assert_close(features(over_one), features(over_two), rtol=1e-12, atol=1e-12)


def test_a_convolution_used_twice_is_not_two_convolutions():
    twice = cell("3", "0", "s", "0", "s", "s")  # out = c(x) + c(x)
    two = cell("3", "3", "0", "0", "s", "s")  # out = c(x) + d(x)
    assert SPACE.canonical(twice) == SPACE.canonical(two)
    assert live_form(twice)[0] != live_form(two)[0]
    assert not torch.allclose(features(twice), features(two))


def test_live_forms_number_every_convolution_that_reaches_the_output_and_no_other():
    text, places = live_form(cell("3", "1", "0", "0", "s", "0"))  # node 2 is dead
    assert text == "nor_conv_3x3#0(x)"
    assert places == {(0, 1): 0}


def test_all_equal_live_forms_among_a_sample_give_equal_outputs():
    groups = {}
    for arch in list(SMALL.architectures())[::7]:
        groups.setdefault(live_form(arch)[0], []).append(arch)
    shared = [group for group in groups.values() if len(group) > 1 and "conv" in live_form(group[0])[0]]
    assert len(shared) > 20
    for first, second, *_ in shared[:20]:
        torch.testing.assert_close(features(first), features(second), rtol=1e-10, atol=1e-10)


def test_the_embedded_cells_canonical_form_is_exact():
    twice = cell("3", "0", "s", "0", "s", "s")
    two = cell("3", "3", "0", "0", "s", "s")
    assert SMALL.canonical(twice) != SMALL.canonical(two)
    direct, over_one = cell("0", "0", "0", "3", "0", "0"), cell("s", "0", "0", "0", "3", "0")
    assert SMALL.canonical(direct) == SMALL.canonical(over_one) == "nor_conv_3x3#0(x)"
    assert SMALL.canonical(cell(*"000000")) == "#"
    assert len({SMALL.canonical(arch) for arch in SMALL.architectures()}) == 5260


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", 73306),
        (
            "|nor_conv_1x1~0|+|nor_conv_1x1~0|nor_conv_1x1~1|+|nor_conv_1x1~0|nor_conv_1x1~1|nor_conv_1x1~2|",
            241306,
        ),
        (
            "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
            1531546,
        ),
        (
            "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
            129306,
        ),
    ],
)
def test_parameter_counts_are_the_published_ones(text, parameters):
    network = SPACE.network(SPACE.parse(text), "cifar10")
    assert sum(p.numel() for p in network.parameters()) == parameters

"""TransNAS-Bench-101: texts, equal graphs, and the networks of every task."""

import math
from collections import OrderedDict
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import nn

import zcrepro
from zcrepro.spaces import _transnas
from zcrepro.spaces._initialisation import build
from zcrepro.spaces._transnas_cell import Cell, FactorizedReduction, live_form
from zcrepro.spaces.base import Space

MICRO = zcrepro.get_space("transnasbench101_micro")
MACRO = zcrepro.get_space("transnasbench101_macro")

DENSE = ("segmentsemantic", "autoencoder", "normal")


def micro(nodes):
    return MICRO.parse(f"64-41414-{nodes}")


def macro(modules):
    return MACRO.parse(f"64-{modules}-basic")


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def features(arch, seed=0):
    """Return the output of a small cell of stride 2 and two of stride 1 for noise, with the space's weights."""

    def narrow():
        cells = [Cell(arch, 4, 6, stride=2), Cell(arch, 6, 6, stride=1), Cell(arch, 6, 6, stride=1)]
        return nn.Sequential(OrderedDict(cells=nn.Sequential(*cells)))

    network = build(narrow, MICRO.weight_seed(arch, "svhn", seed)).double()
    return network(noise(5, 4, 8, 8))


def described(space, arch, task):
    with torch.device("meta"):
        return space.blueprint(arch, task)


# Texts


def test_trap_micro_has_4096_architectures_and_macro_3256():
    assert (MICRO.size, MACRO.size) == (4096, 3256)


def test_the_digits_are_the_operations_of_the_edges_into_node_1_2_and_3():
    assert micro("1_02_333") == (
        "skip_connect",
        "none",
        "nor_conv_1x1",
        "nor_conv_3x3",
        "nor_conv_3x3",
        "nor_conv_3x3",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64-41414-1_04_333", "unknown operation '4' in '64-41414-1_04_333'; it has 0, 1, 2, 3"),
        (
            "64-41414-1_023_33",
            "'1_023_33' in '64-41414-1_023_33' does not have one, two and three operations",
        ),
        ("64-41414-1_02_3333", "does not have one, two and three operations"),
        ("64-41414-102333", "does not have one, two and three operations"),
        ("64-41414-1_02_333\n", r"unknown operation '\\n'"),
        ("64-4141-1_02_333", "does not begin with '64-41414-'"),
        ("64-1234-basic", "does not begin with '64-41414-'"),
    ],
)
def test_a_micro_text_that_is_none_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        MICRO.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("64-1235-basic", "unknown module '5' in '64-1235-basic'; it has 1, 2, 3, 4"),
        ("64-123400-basic", "unknown module '0'"),
        ("64-124-basic", "'124' in '64-124-basic' does not have 4 to 6 modules"),
        ("64-1234123-basic", "does not have 4 to 6 modules"),
        ("64-1333-basic", "1 to 3 double the channels"),
        ("64-2442-basic", "1 to 3 double the channels"),
        ("64-1222-basic", "1 to 4 halve the resolution"),
        ("64-433333-basic", "1 to 4 halve the resolution"),
        ("32-1234-basic", "is not of the form '64-1234-basic'"),
        ("64-41414-1_02_333", "is not of the form '64-1234-basic'"),
    ],
)
def test_a_macro_text_that_is_none_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        MACRO.parse(text)


def test_the_macro_texts_are_as_many_as_the_paper_counts_by_length():
    """Halving and doubling are chosen independently for each module."""

    def choices(length, most):
        return sum(math.comb(length, chosen) for chosen in range(1, most + 1))

    found = [sum(len(arch) == length for arch in MACRO.architectures()) for length in (4, 5, 6)]
    assert found == [choices(length, 4) * choices(length, 3) for length in (4, 5, 6)] == [210, 750, 2296]


def test_a_macro_neighbour_has_one_module_exchanged_left_out_or_added():
    exchanged = [
        "2123",
        "3123",
        "4123",
        "1223",
        "1323",
        "1423",
        "1143",
        "1122",
        "1124",
        "1121",
        "1113",
        "1133",
    ]
    valid = [modules for modules in exchanged if modules not in ("1121", "1122", "1113", "1133")]
    added = ["11123", "21123", "31123", "41123", "12123", "13123", "14123", "11223", "11323", "11423"]
    added += ["11213", "11233", "11243", "11231", "11232", "11234"]
    assert {"".join(other) for other in MACRO.neighbours(macro("1123"))} == {*valid, *added}
    shorter = {"".join(other) for other in MACRO.neighbours(macro("11234")) if len(other) == 4}
    assert shorter == {"1234", "1134", "1124", "1123"}


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        ("1234", "1234", 0),
        ("1234", "4321", 4),
        ("1234", "2341", 2),
        ("12341", "1234", 1),
        ("1123", "411234", 2),
    ],
)
def test_the_macro_distance_is_the_edit_distance(a, b, distance):
    assert MACRO.distance(macro(a), macro(b)) == MACRO.distance(macro(b), macro(a)) == distance


def test_no_two_macro_texts_are_equal_graphs():
    assert len({MACRO.canonical(arch) for arch in MACRO.architectures()}) == 3256


# Graphs of the micro cell


def test_the_4096_texts_fall_into_1376_classes_of_which_one_is_disconnected():
    forms = [MICRO.canonical(arch) for arch in MICRO.architectures()]
    assert len(set(forms)) == 1376
    assert forms.count("#") == 169


@pytest.mark.parametrize(
    ("nodes", "others"),
    [
        ("0_00_300", ["0_00_301", "3_00_010", "0_30_001", "0_03_310", "1_00_300", "3_01_001"]),
        ("3_30_033", ["3_30_033"]),
        ("2_30_033", ["3_20_033"]),
        ("1_03_000", ["0_00_033", "0_00_000"]),
    ],
)
def test_equal_graphs_compute_the_same_function_of_the_same_weights(nodes, others):
    for other in others:
        assert MICRO.canonical(micro(nodes)) == MICRO.canonical(micro(other))
        torch.testing.assert_close(features(micro(nodes)), features(micro(other)), rtol=1e-9, atol=1e-9)


def test_equal_graphs_are_equal_networks():
    images = noise(2, 3, 16, 16)
    first, second = (MICRO.network(micro(nodes), "svhn").double() for nodes in ("2_30_033", "3_20_033"))
    torch.testing.assert_close(first(images), second(images), rtol=1e-9, atol=1e-9)


def test_all_equal_graphs_among_a_sample_compute_the_same():
    classes = {}
    for arch in MICRO.architectures():
        classes.setdefault(MICRO.canonical(arch), []).append(arch)
    shared = [members for form, members in classes.items() if len(members) > 1 and form.count("(") > 2]
    assert len(shared) > 100
    for first, *_, last in shared[::10]:
        torch.testing.assert_close(features(first), features(last), rtol=1e-8, atol=1e-8)


def test_different_graphs_of_a_sample_compute_different_things():
    found = {}
    for arch in list(MICRO.architectures())[::83]:
        found.setdefault(MICRO.canonical(arch), features(arch))
    values = list(found.values())
    assert len(values) > 30
    assert not any(torch.allclose(a, b) for a, b in combinations(values, 2))


def test_another_seed_is_another_function():
    arch = micro("3_30_033")
    assert not torch.allclose(features(arch), features(arch, seed=1))


def test_trap_a_skip_connection_from_the_input_is_no_identity_where_the_stride_is_two():
    over_skip, direct = micro("1_00_030"), micro("0_00_300")
    assert MICRO.canonical(over_skip) == "nor_conv_3x3#0(skip_connect#1(x))"
    assert MICRO.canonical(direct) == "nor_conv_3x3#0(x)"
    assert not torch.allclose(features(over_skip), features(direct))


def test_a_skip_connection_between_later_nodes_is_the_identity_everywhere():
    assert MICRO.canonical(micro("3_01_001")) == "nor_conv_3x3#0(x)"
    assert MICRO.canonical(micro("3_00_010")) == MICRO.canonical(micro("3_01_001"))


def test_an_edge_used_twice_is_not_two_edges():
    twice, two = micro("3_01_011"), micro("3_30_011")
    assert MICRO.canonical(twice) == "nor_conv_3x3#0(x)+nor_conv_3x3#0(x)"
    assert MICRO.canonical(two) == "nor_conv_3x3#0(x)+nor_conv_3x3#1(x)"
    assert not torch.allclose(features(twice), features(two))


def test_the_form_places_every_edge_that_reaches_the_output_and_no_other():
    form, places = live_form(micro("3_20_010"))  # node 2 is dead
    assert form == "nor_conv_3x3#0(x)"
    assert places == {(0, 1): 0}


# Cells


def test_a_disconnected_cell_puts_out_zeros_of_the_right_shape():
    zeros = Cell(micro("0_33_000"), 4, 8, stride=2)(torch.ones(2, 4, 7, 6))
    assert zeros.shape == (2, 8, 4, 3)
    assert not zeros.any()


def test_a_factorised_reduction_samples_even_pixels_and_odd_ones():
    reduction = FactorizedReduction(1, 2, affine=True).eval()
    for convolution in (reduction.conv_a, reduction.conv_b):
        nn.init.ones_(convolution.weight)
    image = torch.arange(25.0).reshape(1, 1, 5, 5) - 3
    even, odd = reduction(image)[0]
    scale = (1 + reduction.bn.eps) ** 0.5
    torch.testing.assert_close(even * scale, image[0, 0, ::2, ::2].relu())
    expected = torch.zeros(3, 3)  # beyond the border there is nothing
    expected[:2, :2] = image[0, 0, 1::2, 1::2].relu()
    torch.testing.assert_close(odd * scale, expected)


# Networks


def test_counts_are_the_published_ones_of_some_architectures():
    published = {
        ("64-41414-1_00_210", "class_scene"): (910_687, 263_299_072),
        ("64-41414-1_00_210", "class_object"): (929_668, 263_318_016),
        ("64-41414-1_00_210", "room_layout"): (882_985, 263_271_424),
        ("64-41414-1_00_210", "jigsaw"): (5_487_368, 21_101_056),
        ("64-41414-1_00_210", "segmentsemantic"): (11_902_545, 1_198_817_280),
        ("64-41414-1_00_210", "autoencoder"): (23_750_227, 1_885_700_096),
        ("64-41414-1_21_032", "ninapro"): (2_174_162, 226_885_632),
        ("64-41414-1_21_032", "svhn"): (2_173_258, 280_419_072),
        ("64-41414-1_21_032", "scifar100"): (2_196_388, 985_857_536),
        ("64-1242-basic", "class_object"): (11_237_764, 13_602_474_496),
        ("64-1242-basic", "jigsaw"): (15_795_464, 855_097_856),
        ("64-1242-basic", "segmentsemantic"): (22_210_641, 25_113_985_024),
        ("64-1242-basic", "normal"): (34_058_323, 37_131_714_560),
    }
    for (text, task), expected in published.items():
        space = MICRO if "_" in text else MACRO
        arch = space.parse(text)
        counts = Space.parameters(space, arch, task), Space.flops(space, arch, task)
        assert counts == expected, (text, task)


@pytest.mark.parametrize("space", [MICRO, MACRO], ids=lambda space: space.name)
def test_counts_added_up_are_those_of_the_whole_network(space):
    rng = np.random.default_rng(0)
    for task in ("class_scene", "jigsaw", "segmentsemantic", "normal", *space.tasks.keys() & {"svhn"}):
        arch = space.sample(rng)
        assert space.parameters(arch, task) == Space.parameters(space, arch, task)
        assert space.flops(arch, task) == Space.flops(space, arch, task)


@pytest.mark.parametrize("halvings", [1, 2, 3, 4])
@pytest.mark.parametrize("task", DENSE)
def test_decoders_restore_the_resolution_whatever_the_encoder_left(halvings, task):
    arch = macro("2" + "3" * halvings + "1" * (4 - halvings))
    with torch.device("meta"):
        features = MACRO.blueprint(arch, task).encoder(torch.zeros(2, 3, 256, 256))
        image = MACRO.blueprint(arch, task)(torch.zeros(2, 3, 256, 256))
    assert features.shape == (2, 128, 64 // 2**halvings, 64 // 2**halvings)
    assert image.shape == (2, *MACRO.tasks[task].output)


def test_trap_module_2_doubles_the_channels_and_module_3_halves_the_resolution():
    with torch.device("meta"):
        shapes = [
            MACRO.blueprint(macro(modules), "jigsaw").encoder(torch.zeros(2, 3, 64, 64)).shape[1:3]
            for modules in ("1114", "1142", "1143", "1144", "11422", "14333")
        ]
    assert shapes == [(128, 8), (256, 8), (128, 4), (256, 4), (512, 8), (128, 1)]


def test_images_of_translation_lie_between_minus_one_and_one():
    image = MICRO.network(micro("1_21_032"), "normal")(10 * noise(2, 3, 32, 32).float())
    assert image.shape == (2, 3, 32, 32)
    assert image.abs().max() <= 1
    assert image.std() > 0


def test_jigsaws_encoder_sees_every_tile_alike_and_the_classifier_tells_their_places():
    network = MICRO.network(micro("1_21_032"), "jigsaw").double().eval()
    tiles = noise(1, 9, 3, 32, 32)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(0))
    before = network(tiles)
    assert not torch.allclose(before, network(tiles[:, order]))
    linear = network.head[-1]
    by_tile = linear.weight.data.reshape(1000, 9, -1)
    linear.weight.data = by_tile[:, order].reshape(1000, -1)
    torch.testing.assert_close(network(tiles[:, order]), before)


def test_the_further_tasks_have_networks_of_their_own():
    """The stem keeps the resolution, there are six cells, and no factorised reduction is affine."""
    network = described(MICRO, micro("1_21_032"), "svhn")
    assert len(network.encoder.cells) == 6
    assert network.encoder.stem(torch.zeros(1, 3, 8, 8, device="meta")).shape == (1, 64, 8, 8)
    assert [cell.edge01.bn.affine for cell in network.encoder.cells if cell.stride == 2] == [False, False]
    benchmark = described(MICRO, micro("1_21_032"), "room_layout")
    assert len(benchmark.encoder.cells) == 10
    assert [cell.edge01.bn.affine for cell in benchmark.encoder.cells if cell.stride == 2] == [True] * 3


def test_transposed_convolutions_are_initialised_as_torch_does():
    head = MICRO.network(micro("1_21_032"), "segmentsemantic").head
    torch.manual_seed(0)
    theirs = _transnas.segmentation_decoder(512, 5, 17)
    compared = 0
    for mine, other in zip(head.modules(), theirs.modules(), strict=True):
        if isinstance(mine, nn.ConvTranspose2d):
            compared += 1
            assert mine.weight.std().item() == pytest.approx(other.weight.std().item(), rel=0.05)
            assert mine.weight.abs().max().item() == pytest.approx(other.weight.abs().max().item(), rel=0.01)
            assert mine.bias.abs().max() <= mine.weight[0].numel() ** -0.5
    assert compared == 5

"""Genotypes of DARTS-like cells: texts, graphs, networks and counts of all their spaces."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import zcrepro
from zcrepro.spaces._genotype import FIRST, as_node, canonical_cell
from zcrepro.spaces._genotype_layers import DEPTHWISE, FactorisedReduction, operation_module
from zcrepro.spaces.base import Space

NAMES = ["nasbench301", "nds_amoeba", "nds_darts", "nds_enas", "nds_nasnet", "nds_pnas"]
NDS = [name for name in NAMES if name.startswith("nds")]
NASBENCH301 = zcrepro.get_space("nasbench301")
DARTS = zcrepro.get_space("nds_darts")
ENAS = zcrepro.get_space("nds_enas")

CELL = "sep_conv_3x3~0+skip_connect~1|max_pool_3x3~0+sep_conv_3x3~2|skip_connect~0+skip_connect~1|dil_conv_5x5~2+avg_pool_3x3~4"
TEXT = f"normal: {CELL}; reduce: {CELL}"
NDS_TEXT = f"{TEXT}; width: 16; depth: 8"
STRUCTURE = (
    ((0, "sep_conv_3x3"), (1, "skip_connect")),
    ((0, "max_pool_3x3"), (2, "sep_conv_3x3")),
    ((0, "skip_connect"), (1, "skip_connect")),
    ((2, "dil_conv_5x5"), (4, "avg_pool_3x3")),
)

# One published record per space on ImageNet: genotype, width, depth, params, flops.
RECORDS = {
    "nds_darts": (
        "none 0 max_pool_3x3 0 skip_connect 0 avg_pool_3x3 0 max_pool_3x3 2 sep_conv_5x5 0 max_pool_3x3 1 avg_pool_3x3 3",
        "none 0 sep_conv_5x5 1 max_pool_3x3 0 skip_connect 1 avg_pool_3x3 1 none 0 none 1 max_pool_3x3 0",
        ([2, 3, 4, 5], [2, 3, 4, 5]),
        (48, 14),
        (3041248, 350501992),
    ),
    "nds_amoeba": (
        "skip_connect 0 max_pool_3x3 0 sep_conv_5x5 0 sep_conv_3x3 1 sep_conv_5x5 3 sep_conv_5x5 0 max_pool_3x3 2 sep_conv_7x7 3 conv_7x1_1x7 3 dil_sep_conv_3x3 0",
        "skip_connect 1 sep_conv_7x7 1 max_pool_3x3 2 skip_connect 1 conv_7x1_1x7 0 avg_pool_3x3 3 avg_pool_3x3 1 max_pool_3x3 1 sep_conv_7x7 2 skip_connect 0",
        ([4, 5, 6], [4, 5, 6]),
        (32, 10),
        (3019768, 334138600),
    ),
    "nds_enas": (
        "sep_conv_3x3 0 avg_pool_3x3 1 skip_connect 2 sep_conv_5x5 0 max_pool_3x3 3 sep_conv_3x3 2 skip_connect 3 sep_conv_5x5 4 max_pool_3x3 5 sep_conv_5x5 5",
        "max_pool_3x3 1 avg_pool_3x3 0 avg_pool_3x3 1 sep_conv_5x5 0 sep_conv_5x5 0 sep_conv_3x3 0 sep_conv_3x3 2 sep_conv_5x5 2 sep_conv_5x5 2 avg_pool_3x3 3",
        ([6], [4, 5, 6]),
        (32, 14),
        (1752376, 219717992),
    ),
    "nds_nasnet": (
        "dil_conv_3x3 1 sep_conv_7x7 1 sep_conv_5x5 2 dil_conv_3x3 0 max_pool_3x3 3 max_pool_7x7 2 conv_3x1_1x3 2 conv_1x1 0 conv_7x1_1x7 2 skip_connect 1",
        "max_pool_7x7 1 conv_3x3 0 sep_conv_5x5 2 skip_connect 0 max_pool_7x7 0 max_pool_7x7 3 dil_conv_3x3 3 conv_7x1_1x7 3 dil_conv_3x3 0 avg_pool_3x3 2",
        ([4, 5, 6], [4, 5, 6]),
        (48, 6),
        (3724192, 457033288),
    ),
    "nds_pnas": (
        "dil_conv_3x3 1 dil_conv_3x3 0 max_pool_3x3 2 sep_conv_5x5 1 avg_pool_3x3 0 avg_pool_3x3 3 skip_connect 4 max_pool_3x3 1 max_pool_3x3 5 avg_pool_3x3 1",
        "dil_conv_3x3 0 dil_conv_3x3 1 avg_pool_3x3 2 avg_pool_3x3 0 avg_pool_3x3 3 dil_conv_3x3 1 skip_connect 2 sep_conv_7x7 4 sep_conv_7x7 1 sep_conv_3x3 2",
        ([2, 3, 4, 5, 6], [2, 3, 4, 5, 6]),
        (32, 10),
        (1823608, 173450408),
    ),
}


def pairs(words):
    words = words.split()
    return [[operation, int(source)] for operation, source in zip(words[::2], words[1::2], strict=True)]


def record_net(name):
    normal, reduce, (normal_concat, reduce_concat), (width, depth), _ = RECORDS[name]
    genotype = {"normal": pairs(normal), "reduce": pairs(reduce)}
    genotype |= {"normal_concat": normal_concat, "reduce_concat": reduce_concat}
    return {"genotype": genotype, "width": width, "depth": depth, "aux": False, "drop_prob": 0.0}


def sampled(space, seed=0):
    return space.sample(np.random.default_rng(seed))


def cell(*nodes):
    """Return the cell whose nodes are written ``operation source operation source``."""
    return tuple(as_node([(source, operation) for operation, source in pairs(node)]) for node in nodes)


# Texts


def test_a_text_gives_operation_and_source_of_every_edge():
    assert NASBENCH301.parse(TEXT) == (STRUCTURE, STRUCTURE)
    assert DARTS.parse(NDS_TEXT) == (STRUCTURE, STRUCTURE, 16, 8)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sep_conv_3x3~0", "conv_9x9~0", "unknown operation 'conv_9x9' in"),
        ("avg_pool_3x3~4", "avg_pool_3x3~5", "5 is not a source of node 5 in .* it has 0 to 4"),
        ("avg_pool_3x3~4", "avg_pool_3x3~x", "'x' is not a source of node 5"),
        ("avg_pool_3x3~4", "avg_pool_3x3", "'' is not a source of node 5"),
        ("+avg_pool_3x3~4", "", "expected two edges, found 'dil_conv_5x5~2'"),
        ("|skip_connect~0+skip_connect~1", "", "expected 4 nodes, found 3"),
        ("skip_connect~0+skip_connect~1", "skip_connect~1+skip_connect~0", "is not written as"),
        ("sep_conv_3x3~0", "sep_conv_3x3~00", "is not written as"),
        ("normal: ", "usual: ", "is not of the form 'normal: ...; reduce: ...; width: ...; depth: ...'"),
        ("; width: 16", "", "is not of the form"),
        ("width: 16", "width: 15", "width '15' is not an even number"),
        ("width: 16", "width: -2", "width '-2' is not an even number"),
        ("depth: 8", "depth: 2", "depth '2' is not a number of at least 3"),
        ("depth: 8", "depth: 08", "is not written as"),
    ],
)
def test_what_is_wrong_in_a_text_is_named(old, new, message):
    with pytest.raises(ValueError, match=message):
        DARTS.parse(NDS_TEXT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "cells"),
    [  # the product over the nodes of the unordered pairs of (operation, source)
        ("nds_darts", 16 * 17 // 2 * (24 * 25 // 2) * (32 * 33 // 2) * (40 * 41 // 2)),
        ("nds_enas", 10 * 11 // 2 * (15 * 16 // 2) * (20 * 21 // 2) * (25 * 26 // 2) * (30 * 31 // 2)),
    ],
)
def test_the_size_of_an_nds_space_counts_cells_widths_and_depths(name, cells):
    assert zcrepro.get_space(name).size == cells**2 * 3 * 5


def test_nasbench301_has_the_published_10_to_the_18_genotypes():
    assert NASBENCH301.size == (7**8 * 1 * 3 * 6 * 10) ** 2
    assert 1e18 < NASBENCH301.size < 1.1e18


# Graphs


def renumbered(nodes, order):
    """Return ``nodes`` in another order, given by their old numbers."""
    number = {old: new for new, old in enumerate(order, start=FIRST)}
    return tuple(
        as_node([(number.get(source, source), operation) for source, operation in nodes[old - FIRST]])
        for old in order
    )


def valid_orders(nodes):
    for order in permutations(range(FIRST, FIRST + len(nodes))):
        if all(
            source < FIRST or order.index(source) < place
            for place, old in enumerate(order)
            for source, _ in nodes[old - FIRST]
        ):
            yield order


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_cells_are_equal_graphs_exactly_when_renumbering_turns_one_into_the_other(name, seed):
    space = zcrepro.get_space(name)
    normal, reduce, *size = sampled(space, seed)
    form = space.canonical((normal, reduce, *size))
    if "none" not in form:
        renumberings = {renumbered(normal, order) for order in valid_orders(normal)}
        assert space.representative((normal, reduce, *size))[0] in renumberings
    texts = {space.canonical((renumbered(normal, order), reduce, *size)) for order in valid_orders(normal)}
    assert texts == {form}
    for edited, other, *_ in space.neighbours((normal, reduce, *size)):
        if other == reduce and not any(op == "none" for node in (*normal, *edited) for _, op in node):
            same = any(renumbered(edited, order) == normal for order in valid_orders(edited))
            assert (space.canonical((edited, reduce, *size)) == form) == same


def test_the_canonical_genotype_has_no_other():
    arch = sampled(DARTS)
    assert DARTS.representative(DARTS.representative(arch)) == DARTS.representative(arch)
    assert DARTS.canonical(arch) == DARTS.text(DARTS.representative(arch))


def test_two_equal_nodes_are_not_one_node_used_twice():
    """Nodes 2 and 3 are sums of the same form with separate convolutions."""
    twice = cell("sep_conv_3x3 0 none 0", "sep_conv_3x3 0 none 0", "skip_connect 2 skip_connect 2")
    both = cell("sep_conv_3x3 0 none 0", "sep_conv_3x3 0 none 0", "skip_connect 2 skip_connect 3")
    other = cell("sep_conv_3x3 0 none 0", "sep_conv_3x3 0 none 0", "skip_connect 3 skip_connect 3")
    assert canonical_cell(twice) == canonical_cell(other) != canonical_cell(both)


def test_trap_none_has_no_source():
    of_input = cell("none 1 sep_conv_3x3 0", "none 2 skip_connect 1")
    of_node = cell("none 0 sep_conv_3x3 0", "none 1 skip_connect 1")
    assert canonical_cell(of_input) == canonical_cell(of_node)
    texts = [NDS_TEXT.replace("max_pool_3x3~0", f"none~{source}", 1) for source in (0, 1)]
    first, second = map(DARTS.parse, texts)
    assert first != second
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    outputs = [DARTS.network(arch, "cifar10")(images) for arch in (first, second)]
    assert torch.equal(*outputs)


def test_the_output_is_the_loose_ends_in_some_spaces_and_every_node_in_others():
    normal, reduce = (
        zcrepro.get_space("nds_enas").genotype_cell(pairs(words)) for words in RECORDS["nds_enas"][:2]
    )
    assert ENAS.outputs(normal) == (6,)
    assert ENAS.outputs(reduce) == (4, 5, 6)
    assert zcrepro.get_space("nds_pnas").outputs(normal) == (2, 3, 4, 5, 6)
    assert [name for name in NAMES if zcrepro.get_space(name).loose_ends] == [
        "nds_amoeba",
        "nds_enas",
        "nds_nasnet",
    ]


# Sampling and neighbours


def test_nasbench301_draws_two_sources_for_every_node_and_never_none():
    rng = np.random.default_rng(0)
    for _ in range(100):
        for node in (node for nodes in NASBENCH301.sample(rng) for node in nodes):
            (first, one), (second, other) = node
            assert first != second
            assert "none" not in (one, other)


def test_a_genotype_of_nasbench301_has_120_neighbours():
    """Each of 16 edges has six other operations, and the source nodes that the node does not use."""
    arch = NASBENCH301.parse(TEXT)
    assert len(NASBENCH301.neighbours(arch)) == 16 * 6 + 2 * (0 + 2 + 4 + 6)


def test_nodes_that_nasbench301_leaves_out_are_read_and_edited_into_such_as_it_has():
    text = TEXT.replace("sep_conv_3x3~0+skip_connect~1", "none~0+sep_conv_3x3~1", 1)
    arch = NASBENCH301.parse(text)
    edited = {other[0][0] for other in NASBENCH301.neighbours(arch)} - {arch[0][0]}
    assert edited == {
        as_node([(0, operation), (1, "sep_conv_3x3")])
        for operation in NASBENCH301.operations
        if operation != "none"
    }


@pytest.mark.parametrize("name", NDS)
def test_nds_draws_nodes_of_one_source_too_and_every_width_and_depth(name):
    space, rng = zcrepro.get_space(name), np.random.default_rng(0)
    drawn = [space.sample(rng) for _ in range(200)]
    assert {arch[2:] for arch in drawn} == {(w, d) for w in (16, 24, 32) for d in (4, 8, 12, 16, 20)}
    assert any(first == second for arch in drawn for (first, _), (second, _) in arch[0])
    assert {operation for arch in drawn for node in arch[0] for _, operation in node} == set(space.operations)


def test_width_and_depth_are_edits():
    arch = DARTS.parse(NDS_TEXT)
    sizes = {other[2:] for other in DARTS.neighbours(arch)} - {(16, 8)}
    assert sizes == {(24, 8), (32, 8), (16, 4), (16, 12), (16, 16), (16, 20)}
    assert DARTS.distance(arch, DARTS.parse(NDS_TEXT.replace("16; depth: 8", "32; depth: 4"))) == 2


def test_the_distance_of_two_nodes_does_not_see_the_order_of_their_edges():
    other = TEXT.replace("sep_conv_3x3~0+skip_connect~1", "skip_connect~0+sep_conv_3x3~1", 1)
    assert NASBENCH301.distance(NASBENCH301.parse(TEXT), NASBENCH301.parse(other)) == 2
    one_source = TEXT.replace("sep_conv_3x3~0+skip_connect~1", "sep_conv_3x3~1+skip_connect~1", 1)
    assert NASBENCH301.distance(NASBENCH301.parse(TEXT), NASBENCH301.parse(one_source)) == 1
    assert NASBENCH301.distance(NASBENCH301.parse(other), NASBENCH301.parse(one_source)) == 1


# Records


@pytest.mark.parametrize("name", NDS)
def test_published_counts_of_one_record_of_each_space(name):
    space = zcrepro.get_space(name)
    arch = space.from_net(record_net(name))
    assert arch[2:] == RECORDS[name][3]
    assert (space.parameters(arch, "ImageNet"), space.flops(arch, "ImageNet")) == RECORDS[name][4]


@pytest.mark.parametrize(
    ("task", "width", "depth", "parameters"),
    [("cifar10", 36, 20, 3_349_342), ("ImageNet", 48, 14, 4_718_752)],
)
def test_the_network_that_darts_found_has_the_size_that_its_code_prints(task, width, depth, parameters):
    """The genotype DARTS_V2 (Liu et al., 2019), 3.3 and 4.7 million parameters in the paper."""
    normal = "sep_conv_3x3~0+sep_conv_3x3~1|sep_conv_3x3~0+sep_conv_3x3~1|skip_connect~0+sep_conv_3x3~1|skip_connect~0+dil_conv_3x3~2"
    reduce = "max_pool_3x3~0+max_pool_3x3~1|max_pool_3x3~1+skip_connect~2|max_pool_3x3~0+skip_connect~2|max_pool_3x3~1+skip_connect~2"
    arch = DARTS.parse(f"normal: {normal}; reduce: {reduce}; width: {width}; depth: {depth}")
    assert DARTS.parameters(arch, task) == parameters


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"aux": True}, "auxiliary head"),
        ({"width": 33}, "width '33' is not an even number"),
        ({"width": None}, "width 'None' is not an even number"),
        ({"genotype": {"normal": []}}, "expected 8 edges, found 0"),
        ({"genotype": 3}, "is not a genotype with width and depth"),
    ],
)
def test_a_net_that_is_not_of_the_space_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        DARTS.from_net(record_net("nds_darts") | change)


def test_a_net_of_another_space_or_with_other_outputs_is_refused():
    with pytest.raises(ValueError, match="nds_darts: expected 8 edges, found 10"):
        DARTS.from_net(record_net("nds_pnas"))
    with pytest.raises(ValueError, match="nds_enas: unknown operation 'dil_conv_3x3'"):
        ENAS.from_net(record_net("nds_pnas"))
    net = record_net("nds_darts")
    net["genotype"]["normal_concat"] = [3, 4, 5]
    with pytest.raises(ValueError, match=r"concatenates \(\[3, 4, 5\], .* give \(2, 3, 4, 5\)"):
        DARTS.from_net(net)
    with pytest.raises(ValueError, match="is not a genotype with width and depth"):
        DARTS.from_net({"block_type": "res_basic_block", "ds": [1]})


# Networks


@pytest.mark.parametrize("name", NAMES)
def test_counts_by_parts_are_those_of_the_whole_network(name):
    space = zcrepro.get_space(name)
    for task in space.tasks:
        arch = sampled(space, seed=len(task))
        assert space.parameters(arch, task) == Space.parameters(space, arch, task)
        assert space.flops(arch, task) == Space.flops(space, arch, task)


def test_cells_at_a_third_and_two_thirds_reduce_and_the_next_halves_its_first_input():
    with torch.device("meta"):
        network = DARTS.blueprint(DARTS.parse(NDS_TEXT.replace("depth: 8", "depth: 4")), "cifar10")
    places = [cell.place for cell in network.cells]
    assert [place.reduces for place in places] == [False, True, True, False]
    assert [place.channels for place in places] == [16, 32, 64, 64]
    assert [place.inputs for place in places] == [
        ((48, 32, 32), (48, 32, 32)),
        ((48, 32, 32), (64, 32, 32)),
        ((64, 32, 32), (128, 16, 16)),
        ((128, 16, 16), (256, 8, 8)),
    ]
    halving = [isinstance(cell.before_last, FactorisedReduction) for cell in network.cells]
    assert halving == [False, False, True, True]


def test_the_stem_of_imagenet_divides_the_resolution_by_eight():
    with torch.device("meta"):
        network = DARTS.blueprint(DARTS.parse(NDS_TEXT), "ImageNet")
        before_last, last = network.stem(torch.zeros(1, 3, 224, 224))
    assert (before_last.shape[1:], last.shape[1:]) == ((16, 56, 56), (16, 28, 28))
    assert network.cells[0].place.inputs == ((16, 56, 56), (16, 28, 28))
    assert isinstance(network.cells[0].before_last, FactorisedReduction)


@pytest.mark.parametrize("odd", [0, 1])
def test_a_factorised_reduction_sees_a_quarter_of_the_pixels_in_each_half(odd):
    layer = FactorisedReduction(1, 2).eval()
    nn.init.ones_(layer.conv.weight)
    nn.init.ones_(layer.shifted_conv.weight)
    images = torch.ones(1, 1, 6 + odd, 6 + odd, requires_grad=True)
    outputs = layer(images)
    assert outputs.shape == (1, 2, 3 + odd, 3 + odd)
    outputs.sum().backward()
    seen = images.grad[0, 0] > 0
    assert seen[::2, ::2].all()
    assert seen[1::2, 1::2].all()
    assert seen.sum() == (3 + odd) ** 2 + 9


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_every_operation_keeps_the_channels_and_divides_the_resolution_by_its_stride(name, stride):
    space = zcrepro.get_space(name)
    for operation in space.operations:
        module = operation_module(operation, 4, stride, space.search_form)
        assert module(torch.zeros(2, 4, 9, 9)).shape == (
            2,
            4,
            9 // stride + stride - 1,
            9 // stride + stride - 1,
        )


def test_none_is_zero():
    assert not operation_module("none", 4, 2)(torch.ones(2, 4, 8, 8)).any()


@pytest.mark.parametrize(
    ("operation", "window"),
    [
        ("sep_conv_3x3", 5),
        ("sep_conv_5x5", 9),
        ("sep_conv_7x7", 13),
        ("dil_conv_3x3", 5),
        ("dil_conv_5x5", 9),
        ("dil_sep_conv_3x3", 9),
    ],
)
def test_depthwise_operations_see_windows_of_their_kernel_dilation_and_number(operation, window):
    module = operation_module(operation, 1, 1).eval()
    for parameter in module.parameters():
        nn.init.ones_(parameter)
    images = torch.ones(1, 1, 21, 21, requires_grad=True)
    module(images)[0, 0, 10, 10].backward()
    rows = images.grad[0, 0].any(dim=1).nonzero().flatten()
    assert rows[-1] - rows[0] + 1 == window
    assert operation in DEPTHWISE


def test_only_the_search_form_normalises_poolings_and_has_plain_batchnorms_in_its_operations():
    counts = {}
    for space, arch, task in [
        (NASBENCH301, TEXT, "cifar10"),
        (DARTS, f"{TEXT}; width: 32; depth: 8", "cifar10"),
    ]:
        with torch.device("meta"):
            network = space.blueprint(space.parse(arch), task)
        modules = [module for cell in network.cells for module in cell.edges.modules()]
        affine = Counter(module.affine for module in modules if isinstance(module, nn.BatchNorm2d))
        pools = sum(isinstance(module, nn.AvgPool2d | nn.MaxPool2d) for module in modules)
        counts[space.name] = (affine, pools)
    # A cell of TEXT has two separable convolutions, a dilated one, two poolings and four skip connections.
    # The skip connections on the inputs are convolutions in the two reduction cells.
    normalised = 8 * (2 * 2 + 1) + 2 * 3
    assert counts["nds_darts"] == ({True: normalised}, 16)
    assert counts["nasbench301"] == ({False: normalised + 16}, 16)


def test_a_dilated_convolution_counts_as_if_its_output_grew():
    module = operation_module("dil_conv_3x3", 2, 1)
    images = torch.zeros(1, 2, 8, 8)
    relu, depthwise, pointwise = 2 * 64, 2 * 9 * 10 * 10, 2 * 2 * 64
    assert DARTS.count_flops(module, images) == relu + depthwise + pointwise

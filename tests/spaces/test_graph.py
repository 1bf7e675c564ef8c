"""The graph of operations of each space."""

import numpy as np
import pytest

from zcrepro.spaces import (
    embedded_chain,
    nasbench101,
    nasbench201,
    nasbench301,
    nasbench_macro,
    natsbench_sss,
    nds_amoeba,
    nds_resnet,
    nds_resnext_a,
    transnasbench101_macro,
    transnasbench101_micro,
)
from zcrepro.spaces.base import Space
from zcrepro.spaces.graph import NONE, POOL, SKIP, Graph, LabelledEdge, chain, conv
from zcrepro.spaces.lookup import get_space, list_spaces


def graph_of(module, text: str) -> Graph:
    return module.SPACE.graph(module.SPACE.parse(text))


def edges(*triples) -> tuple[LabelledEdge, ...]:
    return tuple(LabelledEdge(*triple) for triple in triples)


def test_an_edge_is_live_if_a_path_without_none_leads_through_it():
    into_nothing = (0, 2, conv(3))
    from_nothing = (1, 3, SKIP)
    graph = Graph(
        edges((3, 4, conv(1)), (0, 3, POOL), (0, 1, NONE), from_nothing, into_nothing, (2, 4, NONE)),
        inputs=(0,),
        outputs=(4,),
    )
    assert graph.live_edges() == edges((0, 3, POOL), (3, 4, conv(1)))


def test_a_path_begins_at_any_input_and_ends_at_any_output():
    graph = Graph(edges((0, 2, SKIP), (1, 3, POOL), (3, 4, SKIP)), inputs=(0, 1), outputs=(2, 3))
    assert graph.live_edges() == edges((0, 2, SKIP), (1, 3, POOL))


def test_an_edge_leads_to_a_higher_node():
    with pytest.raises(ValueError, match="from node 2 to node 1"):
        Graph(edges((2, 1, SKIP)), inputs=(0,), outputs=(3,))


def test_no_node_is_input_and_output():
    with pytest.raises(ValueError, match=r"nodes \[1\]"):
        Graph(edges((0, 1, SKIP)), inputs=(0, 1), outputs=(1,))


def test_a_chain_leads_through_all_its_operations():
    graph = chain([conv(3), POOL])
    assert graph == Graph(edges((0, 1, conv(3)), (1, 2, POOL)), inputs=(0,), outputs=(2,))


WITHOUT_GRAPH = ["nasbenchnlp", "pytorchcv"]
"""Spaces of recurrent cells, whose operations are not those of images, and of whole models."""
WITH_GRAPH = [name for name in list_spaces() if name not in WITHOUT_GRAPH]


@pytest.mark.parametrize("name", WITH_GRAPH)
def test_every_space_of_images_has_a_graph_that_has_live_edges(name):
    space = get_space(name)
    rng = np.random.default_rng(0)
    graphs = [space.graph(space.sample(rng)) for _ in range(20)]
    assert any(graph.live_edges() for graph in graphs)


@pytest.mark.parametrize("name", WITHOUT_GRAPH)
def test_a_space_without_graphs_is_named(name):
    space = get_space(name)
    with pytest.raises(ValueError, match=f"space {name} does not define the graph of operations"):
        space.graph(space.sample(np.random.default_rng(0)))


@pytest.mark.parametrize("name", WITH_GRAPH)
def test_a_text_is_refused_in_place_of_an_architecture(name):
    space = get_space(name)
    text = space.text(space.sample(np.random.default_rng(0)))
    with pytest.raises(TypeError, match="takes an architecture, not a text"):
        space.graph(text)


def test_a_space_without_a_graph_says_so():
    space = nasbench201.SPACE
    with pytest.raises(ValueError, match="nasbench201 does not define the graph"):
        Space.graph(space, next(space.architectures()))


def test_the_edges_of_a_nasbench201_cell_are_those_of_its_text():
    text = "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
    assert graph_of(nasbench201, text) == Graph(
        edges(
            (0, 1, conv(3)), (0, 2, NONE), (1, 2, POOL), (0, 3, SKIP), (1, 3, conv(1)), (2, 3, conv(3))
        ),
        inputs=(0,),
        outputs=(3,),
    )  # fmt: skip


def test_a_micro_cell_of_transnasbench101_has_the_same_graph_as_in_nasbench201():
    text = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
    assert graph_of(transnasbench101_micro, "64-41414-3_01_123") == graph_of(nasbench201, text)


def test_operations_of_nasbench101_are_edges_between_what_a_vertex_reads_and_its_output():
    assert graph_of(nasbench101, "conv3x3~0|maxpool3x3~01|output~02") == Graph(
        edges(
            (0, 1, SKIP), (0, 3, SKIP), (2, 3, SKIP), (0, 5, conv(1)), (4, 5, SKIP), (1, 2, conv(3)), (3, 4, POOL)
        ),
        inputs=(0,),
        outputs=(5,),
    )  # fmt: skip


def test_the_graph_of_a_genotype_is_its_normal_cell_with_all_nodes_as_outputs():
    normal = "sep_conv_3x3~0+skip_connect~1|none~0+max_pool_3x3~2|dil_conv_5x5~1+none~2|avg_pool_3x3~0+none~1"
    reduce = "|".join(["sep_conv_5x5~0+sep_conv_5x5~1"] * 4)
    graph = graph_of(nasbench301, f"normal: {normal}; reduce: {reduce}")
    assert graph == Graph(
        edges(
            (0, 2, conv(3)),
            (1, 2, SKIP),
            (0, 3, NONE),
            (2, 3, POOL),
            (1, 4, conv(5)),
            (2, 4, NONE),
            (0, 5, POOL),
            (1, 5, NONE),
        ),
        inputs=(0, 1),
        outputs=(2, 3, 4, 5),
    )


def test_nodes_that_a_space_does_not_concatenate_are_no_outputs():
    cell = "|".join(
        ["skip_connect~0+skip_connect~1", *(f"conv_7x1_1x7~{n}+sep_conv_5x5~{n}" for n in (2, 2, 4, 1))]
    )
    graph = graph_of(nds_amoeba, f"normal: {cell}; reduce: {cell}; width: 16; depth: 8")
    assert graph.outputs == (3, 5, 6)
    assert {edge.operation for edge in graph.edges} == {SKIP, conv(7), conv(5)}


def test_modules_of_a_macro_space_are_a_chain():
    strides = [1, 1, 2, 2]
    assert graph_of(transnasbench101_macro, "64-1234-basic") == chain([conv(3, s) for s in strides])
    assert graph_of(nasbench_macro, "01012200") == chain(
        [conv(1, 2), conv(3), conv(1, 2), conv(3), conv(5), conv(5, 2), SKIP, SKIP]
    )
    assert graph_of(
        embedded_chain, "|conv_3x3|identity|max_pool_3x3|conv_1x1|depthwise_3x3|identity|"
    ) == chain([conv(3), SKIP, POOL, conv(1), conv(3), SKIP])
    assert graph_of(nds_resnet, "d2w16|d1w16|d3w16") == chain([conv(3, s) for s in (1, 1, 2, 2, 1, 1)])
    assert graph_of(nds_resnext_a, "d1w16r1g1|d1w16r4g2|d2w32r1g1") == chain(
        [conv(3, s) for s in (1, 2, 2, 1)]
    )


def test_the_graph_of_the_size_space_does_not_depend_on_the_channels():
    assert graph_of(natsbench_sss, "8:16:24:32:40") == graph_of(natsbench_sss, "64:64:64:64:64")

"""Counts of operations and paths, by hand on small cells and by enumeration of paths on random ones."""

from statistics import mean

import numpy as np
import pytest

from zcrepro.spaces import nasbench101, nasbench201, nasbench301, transnasbench101_macro
from zcrepro.spaces.graph import NONE, POOL, SKIP, Graph, Kind, LabelledEdge, chain, conv
from zcrepro.spaces.lookup import get_space, list_spaces
from zcrepro.spaces.structural_counts import COUNTS, structural_counts

GENOTYPES = [name for name in list_spaces() if hasattr(get_space(name), "representative")]


def counts_of(module, text: str) -> dict[str, float]:
    return structural_counts(module.SPACE.graph(module.SPACE.parse(text)))


def only(counts: dict[str, float]) -> dict[str, float]:
    """Return the counts that are not 0."""
    return {name: count for name, count in counts.items() if count != 0}


def enumerated(graph: Graph) -> dict[str, float]:
    """Return the counts by their definitions, from the list of all paths."""
    paths = [path for node in graph.inputs for path in paths_from(node, graph)]
    if not paths:
        return dict.fromkeys(COUNTS, 0)
    live = [graph.edges[place] for place in sorted({place for path in paths for place in path})]
    on_path = [[graph.edges[place].operation for place in path] for path in paths]

    def number(operations, kind, least=0):
        return sum(o.kind is kind and o.kernel >= least for o in operations)

    operations = [edge.operation for edge in live]
    convs = [number(path, Kind.CONV) for path in on_path]
    large = [number(path, Kind.CONV, least=2) for path in on_path]
    pools = [number(path, Kind.POOL) for path in on_path]
    counts = {
        "l_c3": number(operations, Kind.CONV, least=2),
        "l_c1": sum(o == conv(1, o.stride) for o in operations),
        "l_conv": number(operations, Kind.CONV),
        "l_skip": number(operations, Kind.SKIP),
        "l_pool": number(operations, Kind.POOL),
        "l_edges": len(live),
        "l_stride": sum(o.stride != 1 for o in operations),
        "n_none": number((edge.operation for edge in graph.edges), Kind.NONE),
        "out_in": sum(edge.target in graph.outputs for edge in live),
        "paths": len(paths),
        "conv_paths": sum(n > 0 for n in convs),
        "free_paths": sum(n == 0 for n in pools),
        "id_paths": sum(all(o == SKIP for o in path) for path in on_path),
        "e_max": max(map(len, on_path)),
        "e_min": min(map(len, on_path)),
    }
    counts["l_params"] = 9 * counts["l_c3"] + counts["l_c1"]
    counts["dead_conv"] = number((edge.operation for edge in graph.edges), Kind.CONV) - counts["l_conv"]
    for name, of_paths in (("d", convs), ("d3", large), ("p", pools)):
        counts |= {f"{name}_max": max(of_paths), f"{name}_min": min(of_paths), f"{name}_mean": mean(of_paths)}
    return counts


def paths_from(node: int, graph: Graph):
    """Yield the paths from a node to an output, each as a tuple of places in ``graph.edges``."""
    if node in graph.outputs:
        yield ()
    for place, edge in enumerate(graph.edges):
        if edge.source == node and edge.operation != NONE:
            yield from ((place, *rest) for rest in paths_from(edge.target, graph))


def random_graph(rng: np.random.Generator) -> Graph:
    """Return a graph of up to 7 nodes and 12 edges, in any order, with one or two inputs and outputs."""
    operations = (NONE, NONE, SKIP, POOL, conv(1), conv(3), conv(5, stride=2))
    nodes = int(rng.integers(4, 8))
    pairs = (sorted(rng.choice(nodes, size=2, replace=False).tolist()) for _ in range(rng.integers(1, 13)))
    edges = tuple(
        LabelledEdge(source, target, operations[rng.integers(len(operations))]) for source, target in pairs
    )
    inputs, outputs = ((0,), (0, 1))[rng.integers(2)], ((nodes - 1,), (nodes - 2, nodes - 1))[rng.integers(2)]
    return Graph(edges, inputs, outputs)


def test_counts_equal_those_of_enumerated_paths_on_random_graphs():
    rng = np.random.default_rng(0)
    graphs = [random_graph(rng) for _ in range(1_000)]
    assert sum(not graph.live_edges() for graph in graphs) > 100
    assert sum(structural_counts(graph)["paths"] > 3 for graph in graphs) > 100
    for graph in graphs:
        assert structural_counts(graph) == pytest.approx(enumerated(graph), rel=1e-12), graph


@pytest.mark.parametrize("name", [name for name in list_spaces() if name != "nasbenchnlp"])
def test_counts_equal_those_of_enumerated_paths_in_every_space(name):
    space = get_space(name)
    rng = np.random.default_rng(0)
    for _ in range(50):
        graph = space.graph(space.sample(rng))
        assert structural_counts(graph) == pytest.approx(enumerated(graph), rel=1e-12), graph


@pytest.mark.parametrize("name", GENOTYPES)
def test_renumbering_the_nodes_of_a_genotype_changes_no_count(name):
    space = get_space(name)
    rng = np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(100)]
    assert any(space.representative(arch) != arch for arch in archs)
    for arch in archs:
        assert structural_counts(space.graph(arch)) == structural_counts(
            space.graph(space.representative(arch))
        )


def test_counts_come_in_the_order_of_their_names():
    for graph in (chain([conv(3)]), chain([NONE])):
        assert list(structural_counts(graph)) == list(COUNTS)


def test_counts_of_a_nasbench201_cell_by_hand():
    # The paths are 03 (skip), 013 (3x3, 1x1), 023 (pooling, 3x3) and 0123 (3x3, skip, 3x3).
    text = "|nor_conv_3x3~0|+|avg_pool_3x3~0|skip_connect~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
    assert only(counts_of(nasbench201, text)) == {
        "l_c3": 2, "l_c1": 1, "l_conv": 3, "l_skip": 2, "l_pool": 1, "l_edges": 6, "l_params": 19, "out_in": 3,
        "paths": 4, "conv_paths": 3, "free_paths": 3, "id_paths": 1,
        "d_max": 2, "d_mean": 5 / 4, "d3_max": 2, "d3_mean": 1, "p_max": 1, "p_mean": 1 / 4,
        "e_max": 3, "e_min": 1,
    }  # fmt: skip


def test_a_convolution_behind_none_is_dead():
    # Node 1 gets nothing, so that the edges 12 and 13 are dead; the path is 023 (1x1, pooling).
    text = "|none~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|"
    assert only(counts_of(nasbench201, text)) == {
        "l_c1": 1, "l_conv": 1, "l_pool": 1, "l_edges": 2, "l_params": 1, "n_none": 2, "dead_conv": 2, "out_in": 1,
        "paths": 1, "conv_paths": 1, "d_max": 1, "d_min": 1, "d_mean": 1,
        "p_max": 1, "p_min": 1, "p_mean": 1, "e_max": 2, "e_min": 2,
    }  # fmt: skip


def test_all_counts_are_0_without_a_path():
    text = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|none~0|none~1|none~2|"
    assert only(counts_of(nasbench201, text)) == {}


def test_counts_of_a_nasbench101_cell_by_hand():
    # The paths are the input to the output (1x1), through 2 (pooling), and through 1 and 2 (3x3, pooling).
    # Its other four edges are skip connections; the longest path has three of them and two operations.
    assert only(counts_of(nasbench101, "conv3x3~0|maxpool3x3~01|output~02")) == {
        "l_c3": 1, "l_c1": 1, "l_conv": 2, "l_skip": 4, "l_pool": 1, "l_edges": 7, "l_params": 10, "out_in": 2,
        "paths": 3, "conv_paths": 2, "free_paths": 1,
        "d_max": 1, "d_mean": 2 / 3, "d3_max": 1, "d3_mean": 1 / 3, "p_max": 1, "p_mean": 2 / 3,
        "e_max": 5, "e_min": 1,
    }  # fmt: skip


def test_counts_of_a_genotype_are_over_the_paths_to_all_its_nodes():
    # Paths to node 2: two (3x3; skip); to node 3: one from the input and the two through node 2, pooled;
    # to node 4: one (5x5); to node 5: none.
    normal = "sep_conv_3x3~0+skip_connect~1|skip_connect~0+max_pool_3x3~2|dil_conv_5x5~1+none~2|none~0+none~1"
    assert only(counts_of(nasbench301, f"normal: {normal}; reduce: {normal}")) == {
        "l_c3": 2, "l_conv": 2, "l_skip": 2, "l_pool": 1, "l_edges": 5, "l_params": 18, "n_none": 3, "out_in": 5,
        "paths": 6, "conv_paths": 3, "free_paths": 4, "id_paths": 2,
        "d_max": 1, "d_mean": 1 / 2, "d3_max": 1, "d3_mean": 1 / 2, "p_max": 1, "p_mean": 1 / 3,
        "e_max": 2, "e_min": 1,
    }  # fmt: skip


def test_modules_that_halve_the_resolution_are_counted():
    counts = counts_of(transnasbench101_macro, "64-123413-basic")
    assert (counts["l_stride"], counts["l_edges"], counts["paths"]) == (3, 6, 1)


def test_the_number_of_paths_may_be_exponential_in_the_edges():
    edges = tuple(LabelledEdge(i, i + 1, operation) for i in range(60) for operation in (SKIP, conv(3)))
    counts = structural_counts(Graph(edges, inputs=(0,), outputs=(60,)))
    assert (counts["paths"], counts["id_paths"], counts["d_mean"]) == (2**60, 1, 30)

from itertools import product

import numpy as np
import pytest
import torch

from zcrepro.networks.multiply_adds import tensorwatch
from zcrepro.spaces import nasbench101_graph as graph
from zcrepro.spaces._nasbench101_enumeration import cells
from zcrepro.spaces.nasbench101 import SPACE, Cell, Network, count_parameters, naslib_flops, vertex_channels

# The cell in the authors' README: in the numbering of its matrix there, and as their notebook prints it.
README_CELL = "conv1x1~0|conv3x3~0|conv3x3~0|conv3x3~3|maxpool3x3~0|output~1245"
INCEPTION = "conv3x3~0|conv1x1~0|maxpool3x3~0|conv3x3~0|conv3x3~4|output~1235"
INCEPTION_HASH = "28cfc7874f6d200472e1a9dcd8650aa0"

FIRST_BY_HASH = "conv3x3~0|maxpool3x3~1|conv3x3~2|conv3x3~0|conv1x1~034|output~25"

PLAIN = "output~0"
EDGES_BY_HAND = np.array([[0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]])


def samples(count, seed=0):
    rng = np.random.default_rng(seed)
    return [SPACE.sample(rng) for _ in range(count)]


def renumbered(cell, rng):
    """Return the cell with its inner vertices in a random order in which all edges lead forward."""
    adjacency, labels = graph.as_arrays(cell)
    while True:
        order = [0, *(1 + rng.permutation(len(labels))), len(adjacency) - 1]
        moved = adjacency[np.ix_(order, order)]
        if not np.tril(moved).any():
            return graph.pruned(moved, [labels[vertex - 1] for vertex in order[1:-1]])


def test_a_text_is_read_vertex_by_vertex():
    arch = SPACE.parse("conv3x3~0|conv1x1~01|output~12")
    assert arch == (("conv3x3", (0,)), ("conv1x1", (0, 1)), ("output", (1, 2)))
    adjacency, labels = graph.as_arrays(arch)
    assert (adjacency == EDGES_BY_HAND).all()
    assert labels.tolist() == [0, 1]


def test_the_authors_example_is_written_as_in_their_data_and_has_their_hash_and_parameters():
    written = graph.read(README_CELL)
    assert SPACE.text(graph.published(written)) == INCEPTION
    assert graph.module_hash(written) == SPACE.canonical(SPACE.parse(INCEPTION)) == INCEPTION_HASH
    assert SPACE.parameters(SPACE.parse(INCEPTION), "cifar10") == 2_694_282


def test_the_first_cell_by_hash_has_its_published_hash_and_parameters():
    arch = SPACE.parse(FIRST_BY_HASH)
    assert SPACE.canonical(arch) == "00005c142e6f48ac74fdcf73e3439874"
    assert SPACE.parameters(arch, "cifar10") == 8_555_530


def test_all_numberings_of_a_cell_have_one_hash_and_one_published_form():
    rng = np.random.default_rng(0)
    for arch in samples(50):
        other = renumbered(arch, rng)
        assert graph.published(other) == arch
        assert graph.module_hash(other) == graph.module_hash(arch)


def test_another_numbering_than_the_published_one_is_refused():
    with pytest.raises(ValueError, match=r"nasbench101: 'conv1x1~0.*' is not written as 'conv3x3~0"):
        SPACE.parse(README_CELL)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("conv5x5~0|output~1", "unknown operation 'conv5x5'"),
        ("conv3x3~0|conv3x3~1", "ends with 'conv3x3~1' instead of output"),
        ("conv3x3~1|output~1", "'conv3x3~1' .* is not an operation, ~ and some of the digits 0"),
        ("conv3x3~0|output~10", "'output~10' .* is not an operation, ~ and some of the digits 01"),
        ("conv3x3~|output~01", "'conv3x3~' .* is not an operation"),
        ("conv3x3|output~01", "'conv3x3' .* is not an operation"),
        ("conv3x3~0|conv1x1~0|output~1", "no vertex of .* reads vertex 2, 'conv1x1~0'"),
        ("conv3x3~0|" * 6 + "output~123456", "has 8 vertices with its input; at most 7"),
        ("conv3x3~0|conv3x3~01|conv3x3~012|conv3x3~0123|output~01234", "has 15 edges; at most 9"),
    ],
)
def test_what_is_no_cell_is_refused_and_the_fault_named(text, reason):
    with pytest.raises(ValueError, match=reason) as raised:
        SPACE.parse(text)
    assert repr(text) in str(raised.value)


def test_what_lies_on_no_path_is_pruned_and_the_numbering_closes_up():
    islands = np.zeros((6, 6), int)
    for edge in [(0, 2), (2, 5), (1, 5), (2, 3), (0, 4)]:  # 1 has no input, 3 and 4 lead nowhere
        islands[edge] = 1
    assert graph.pruned(islands, [0, 1, 2, 2]) == (("conv1x1", (0,)), ("output", (1,)))


def test_a_matrix_without_a_path_or_with_too_many_edges_is_refused():
    with pytest.raises(ValueError, match="no path leads from the input to the output"):
        graph.pruned(np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]]), [0])
    with pytest.raises(ValueError, match="has 10 edges; at most 9"):
        graph.pruned(np.triu(np.ones((5, 5), int), 1), [0, 0, 0])


def test_channels_are_shared_among_what_the_output_reads_the_first_get_the_remainder():
    three = graph.read("conv3x3~0|conv3x3~0|conv3x3~1|output~123")
    assert vertex_channels(three, 128) == [0, 43, 43, 42, 128]
    assert vertex_channels(three, 256) == [0, 86, 85, 85, 256]
    five = graph.read("conv3x3~0|" * 4 + "conv3x3~1|output~2345")
    assert vertex_channels(five, 128) == [0, 32, 32, 32, 32, 32, 128]


def test_what_the_output_does_not_read_has_the_channels_of_its_widest_reader():
    cell = graph.read("conv3x3~0|conv3x3~1|conv3x3~1|conv3x3~0|output~0234")
    assert vertex_channels(cell, 128) == [0, 43, 43, 43, 42, 128]


def test_a_vertex_sums_what_it_reads_cut_to_its_channels_and_the_output_concatenates():
    cell = Cell(graph.read("conv3x3~0|conv1x1~0|maxpool3x3~01|output~0123"), 8, 128).eval()
    x = torch.randn(2, 8, 6, 6, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        first = cell.vertex1(cell.projection1(x))
        second = cell.vertex2(cell.projection2(x))
        third = torch.nn.functional.max_pool2d(cell.projection3(x) + first[:, :42], 3, 1, 1)
        expected = torch.cat([first, second, third], 1) + cell.projection4(x)
        assert torch.equal(cell(x), expected)


def test_the_cell_without_inner_vertices_is_a_projection():
    cell = Cell(SPACE.parse(PLAIN), 8, 16).eval()
    x = torch.randn(2, 8, 4, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(cell(x), cell.projection1(x))


def test_the_network_doubles_its_channels_where_it_halves_the_resolution():
    shapes = []
    with torch.device("meta"):
        network = Network(SPACE.parse(INCEPTION), 10)
        for module in (network.stem, *network.cells):
            module.register_forward_hook(lambda _, __, output: shapes.append(tuple(output.shape[1:3])))
        network(torch.zeros(1, 3, 32, 32))
    stages = [(128, 32)] * 4, [(128, 16)] + [(256, 16)] * 3, [(256, 8)] + [(512, 8)] * 3
    assert shapes == [shape for stage in stages for shape in stage]


def test_parameters_are_those_of_the_network_in_any_numbering():
    rng = np.random.default_rng(0)
    differing = 0
    for arch in [SPACE.parse(PLAIN), *samples(20)]:
        for cell in (arch, renumbered(arch, rng)):
            with torch.device("meta"):
                network = Network(cell, 10)
            assert count_parameters(cell, 10) == sum(p.numel() for p in network.parameters())
            differing += count_parameters(cell, 10) != count_parameters(arch, 10)
    assert differing > 0  # numbering counts where channels cannot be divided evenly


def test_flops_leave_out_the_last_pooling_that_naslib_has_no_module_for():
    with torch.device("meta"):
        network, images = Network(SPACE.parse(PLAIN), 10), torch.zeros(1, 3, 32, 32)
    assert naslib_flops(network, images) == 140_416_000
    assert tensorwatch(network, images) == 140_416_000 + 512 * 9 * 9


def test_the_cells_are_those_that_the_authors_enumeration_meets_first():
    """Their procedure, up to five vertices: for every matrix and labelling, keep each new hash."""
    met = {}
    for vertices in range(2, 6):
        pairs = [(u, v) for v in range(vertices) for u in range(v)]
        for bits in range(1 << len(pairs)):
            edges = [pair for place, pair in enumerate(pairs) if bits >> place & 1]
            if len(edges) > 9 or {u for u, _ in edges} != set(range(vertices - 1)):
                continue
            sources = [tuple(u for u, w in edges if w == v) for v in range(1, vertices)]
            if not all(sources):
                continue
            for labels in product(graph.OPERATIONS, repeat=vertices - 2):
                cell = tuple(zip((*labels, "output"), sources, strict=True))
                met.setdefault(graph.module_hash(cell), cell)
    ours = SPACE.architectures()
    assert [next(ours) for _ in met] == list(met.values())


def test_there_are_as_many_cells_per_number_of_vertices_as_published():
    vertices, _ = cells()
    assert dict(zip(*np.unique(vertices, return_counts=True), strict=True)) == {
        2: 1,
        3: 6,
        4: 84,
        5: 2_441,
        6: 62_010,
        7: 359_082,
    }
    assert len(vertices) == SPACE.size == 423_624


def test_cells_have_different_hashes():
    """All cells of up to six vertices and every sixteenth of seven; no two of all 423,624 agree, which takes a minute."""
    vertices, codes = cells()
    some = np.flatnonzero((vertices < 7) | (np.arange(len(vertices)) % 16 == 0))
    hashes = {
        SPACE.canonical(graph.from_code(vertex, code))
        for vertex, code in zip(vertices[some].tolist(), codes[some].tolist(), strict=True)
    }
    assert len(hashes) == len(some) > 80_000


def test_enumerated_cells_are_in_their_published_numbering():
    chosen = np.random.default_rng(0).choice(SPACE.size, 200, replace=False)
    vertices, codes = cells()
    for place in chosen:
        arch = graph.from_code(int(vertices[place]), int(codes[place]))
        assert SPACE.parse(SPACE.text(arch)) == arch


def test_samples_are_uniform_over_the_cells():
    drawn = [len(arch) + 1 for arch in samples(2000)]
    assert np.mean(np.equal(drawn, 7)) == pytest.approx(359_082 / 423_624, abs=0.025)
    assert np.mean(np.equal(drawn, 6)) == pytest.approx(62_010 / 423_624, abs=0.025)


def texts_of_neighbours(text):
    return {SPACE.text(arch) for arch in SPACE.neighbours(SPACE.parse(text))}


def test_a_vertex_comes_beside_the_edge_of_the_plain_cell():
    assert texts_of_neighbours(PLAIN) == {f"{operation}~0|output~01" for operation in graph.OPERATIONS}


def test_the_neighbours_of_a_small_cell_are_all_its_edits():
    operations_changed = {"conv1x1~0|output~1", "maxpool3x3~0|output~1"}
    edge_added = {"conv3x3~0|output~01"}
    found = texts_of_neighbours("conv3x3~0|output~1")
    assert operations_changed | edge_added <= found
    others = found - operations_changed - edge_added
    # The new vertex may come before, after or beside the old one, with any of the other edges.
    # Each case exists with all three operations.
    assert {len(text.split("|")) for text in others} == {3}
    assert "conv3x3~0|maxpool3x3~0|output~12" in others
    assert "conv3x3~0|maxpool3x3~1|output~12" in others
    assert "maxpool3x3~0|conv3x3~01|output~2" in others
    assert "conv3x3~0|maxpool3x3~01|output~2" not in others  # the old edge to the output is gone, too
    assert PLAIN not in found  # without its vertex nothing leads to the output


def test_a_cell_of_nine_edges_gets_no_more():
    cell = SPACE.parse("conv3x3~0|conv3x3~01|conv3x3~012|output~123")
    assert sum(len(sources) for _, sources in cell) == 9
    for other in SPACE.neighbours(cell):
        assert sum(len(sources) for _, sources in other) <= 9


def test_every_cell_can_be_reached_from_every_other():
    """Checked on the 2,494 cells of one operation; the rest follows by changing operations."""

    def of_one(arch):
        return all(operation in ("conv3x3", "output") for operation, _ in arch)

    every = set(filter(of_one, SPACE.architectures()))
    start = SPACE.parse(PLAIN)
    reached, frontier = {start}, [start]
    while frontier:
        new = set(filter(of_one, SPACE.neighbours(frontier.pop()))) - reached
        reached |= new
        frontier += new
    assert len(every) == 2_494
    assert reached == every


def test_the_distance_is_one_exactly_for_neighbours_and_never_longer_than_a_walk():
    """Checked on all pairs of the 91 cells of at most four vertices."""
    small = [arch for arch in SPACE.architectures() if len(arch) < 4]
    assert len(small) == 91
    steps = {arch: set(SPACE.neighbours(arch)) for arch in small}
    for start in small:
        walk = {start: 0}
        for length in range(1, 10):
            for arch in [arch for arch, distance in walk.items() if distance == length - 1]:
                for other in steps[arch]:
                    if other in steps:
                        walk.setdefault(other, length)
        for other in small:
            distance = SPACE.distance(start, other)
            assert (distance == 0) == (other == start)
            assert (distance == 1) == (other in steps[start])
            assert distance == SPACE.distance(other, start) <= walk[other]


def test_the_distance_counts_operations_edges_and_vertices():
    a = SPACE.parse("conv3x3~0|conv3x3~1|output~2")
    assert SPACE.distance(a, SPACE.parse("conv1x1~0|conv1x1~1|output~2")) == 2
    assert SPACE.distance(a, SPACE.parse("conv3x3~0|conv3x3~01|output~12")) == 2
    assert SPACE.distance(a, SPACE.parse("maxpool3x3~0|maxpool3x3~0|maxpool3x3~0|output~123")) > 3


def test_the_distance_obeys_the_triangle_inequality():
    for a, b, c in zip(samples(60), samples(60, 1), samples(60, 2), strict=True):
        assert SPACE.distance(a, c) <= SPACE.distance(a, b) + SPACE.distance(b, c)

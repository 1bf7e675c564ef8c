"""Structural counts as proxies: of the graph that a network carries, and of one that is traced."""

import copy
import math
import pickle
from collections import defaultdict

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import zcrepro
from proxies.small_networks import OF_SPACES
from zcrepro.proxies._traced import traced
from zcrepro.spaces import _transnas_cell, cell, nasbench101
from zcrepro.spaces._genotype_layers import DEPTHWISE
from zcrepro.spaces._genotype_network import CellModule
from zcrepro.spaces.base import Space
from zcrepro.spaces.graph import SKIP, Graph, LabelledEdge, carried, conv
from zcrepro.spaces.structural_counts import COUNTS, structural_counts

NAMES = [f"structure_{name}" for name in COUNTS]
UNTRACED = {name.removeprefix("structure_") for name in OF_SPACES}
TRACED = [name for name in COUNTS if name not in UNTRACED]


def scores(network, side=8, channels=3):
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(4, channels, side, side, generator=generator)
    found = zcrepro.score(network, images, torch.arange(4), NAMES)
    return {name.removeprefix("structure_"): value for name, value in found.items()}, found.status


def counts(network, **shape):
    """Return the counts of a traced network that are defined."""
    found, status = scores(network, **shape)
    assert {name for name, value in found.items() if math.isnan(value)} == UNTRACED
    assert {status[f"structure_{name}"] for name in TRACED} == {"ok"}
    return {name: found[name] for name in TRACED}


def of_graph(graph):
    return {name: value for name, value in structural_counts(graph).items() if name in TRACED}


def samples(name, number):
    space, rng = zcrepro.get_space(name), np.random.default_rng(0)
    return [space.sample(rng) for _ in range(number)]


# Networks of a space


@pytest.mark.parametrize("name", ["embedded_cell", "embedded_chain", "nasbench301"])
def test_the_network_of_an_architecture_has_the_counts_of_its_graph(name):
    space = zcrepro.get_space(name)
    task = next(iter(space.tasks))
    for arch in samples(name, 2):
        found, status = scores(space.network(arch, task), channels=space.task_shape(task).channels)
        assert found == structural_counts(space.graph(arch))
        assert set(status.values()) == {"ok"}


def test_a_network_carries_its_graph_through_copies_and_not_in_its_state():
    space = zcrepro.get_space("embedded_cell")
    (arch,) = samples("embedded_cell", 1)
    network = space.network(arch, "digits")
    for same in (network, copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert carried(same) == space.graph(arch)
    plain = space.blueprint(arch, "digits")
    assert list(network.state_dict()) == list(plain.state_dict())
    assert carried(plain) is None


def test_a_space_without_graphs_builds_networks_that_carry_none(monkeypatch):
    space = zcrepro.get_space("embedded_chain")
    monkeypatch.setattr(type(space), "graph", Space.graph)
    (arch,) = samples("embedded_chain", 1)
    network = space.network(arch, "digits")
    assert carried(network) is None
    assert counts(network, channels=1)["d_max"] > 0


def test_scores_that_are_shared_between_equal_networks_are_equal_and_no_others():
    space = zcrepro.get_space("embedded_cell")
    equal = defaultdict(list)
    for arch in samples("embedded_cell", 2_000):
        equal[space.live(arch)].append(structural_counts(space.graph(arch)))
    differ = {
        name for name in COUNTS if any(len({each[name] for each in group}) > 1 for group in equal.values())
    }
    proxies = zcrepro.list_proxies()
    assert differ == {name for name in COUNTS if proxies[f"structure_{name}"].counts_dead}


# A traced cell has the counts of the graph that its space describes


def trace(module, *inputs):
    inputs = [each.requires_grad_() for each in inputs]
    output = module.eval()(*inputs).clone()  # a cell of skip connections may put out its input itself
    return of_graph(traced(output, inputs))


def features(channels):
    return torch.randn(1, channels, 8, 8)


@pytest.mark.parametrize(
    ("name", "built"),
    [
        ("nasbench201", lambda arch: cell.Cell(arch, 4)),
        ("transnasbench101_micro", lambda arch: _transnas_cell.Cell(arch, 4, 4, 1)),
    ],
)
def test_a_traced_cell_has_the_counts_of_its_graph(name, built):
    space = zcrepro.get_space(name)
    graphs = [(arch, space.graph(arch)) for arch in samples(name, 60)]
    with_paths = [(arch, graph) for arch, graph in graphs if graph.live_edges()]
    assert len(with_paths) > 40
    for arch, graph in with_paths:
        assert trace(built(arch), features(4)) == of_graph(graph), arch


def test_a_traced_cell_of_nasbench101_has_projections_beside():
    for arch in samples("nasbench101", 60):
        graph = nasbench101.SPACE.graph(arch)
        edges = tuple(
            edge._replace(operation=conv(1)) if edge.source == 0 and edge.operation == SKIP else edge
            for edge in graph.edges
        )
        projected = Graph(edges, graph.inputs, graph.outputs)
        found = trace(nasbench101.Cell(arch, 4, 8), features(4))
        assert found == of_graph(projected), arch
        for name in (
            "paths",
            "free_paths",
            "l_pool",
            "l_c3",
            "d3_max",
            "d3_mean",
            "p_max",
            "p_min",
            "p_mean",
        ):
            assert found[name] == structural_counts(graph)[name]


def test_a_traced_cell_of_nasbench301_has_every_convolution_of_a_separable_one():
    space = zcrepro.get_space("nasbench301")
    for arch in samples("nasbench301", 30):
        place = space.places(arch, "cifar10")[0]
        module = CellModule(place)
        module.before_last = module.last = nn.Identity()
        found = trace(module, features(place.channels), features(place.channels))
        assert found == of_graph(parts(space, arch)), arch
        for name in ("paths", "conv_paths", "free_paths", "id_paths", "l_pool", "p_max", "p_min", "p_mean"):
            assert found[name] == structural_counts(space.graph(arch))[name]


def parts(space, arch):
    """Return the graph of a normal cell with a depthwise and a 1x1 convolution, once or twice, as edges."""
    edges = []
    for place, (source, target, operation) in enumerate(space.graph(arch).edges):
        name = arch[0][place // 2][place % 2][1]
        kernel, _, times = DEPTHWISE.get(name, (0, 0, 0))
        chain = [conv(kernel), conv(1)] * times or [operation]
        inner = [100 * target - 50 + 10 * (place % 2) + number for number in range(len(chain) - 1)]
        nodes = [100 * source, *inner, 100 * target]
        edges += [LabelledEdge(*edge) for edge in zip(nodes, nodes[1:], chain, strict=False)]
    graph = space.graph(arch)
    inputs, outputs = (tuple(100 * node for node in nodes) for nodes in (graph.inputs, graph.outputs))
    return Graph(tuple(edges), inputs, outputs)


def test_a_traced_network_of_cells_has_the_longest_paths_of_all_its_cells():
    """Average poolings count, although they are computed as products; the global one does not."""
    text = "|avg_pool_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
    space = zcrepro.get_space("nasbench201")
    arch = space.parse(text)
    network, of_cell = space.network(arch, "cifar10"), structural_counts(space.graph(arch))
    del network.graph_of_operations
    found = counts(network, side=32)
    assert found["paths"] == of_cell["paths"] ** 15 * 2**2
    assert found["d3_max"] == 1 + 15 * of_cell["d3_max"] + 2 * 2
    assert found["p_max"] == 15 * of_cell["p_max"] + 2
    assert found["l_conv"] == 1 + 15 * of_cell["l_conv"] + 2 * 3
    assert found["l_stride"] == 2 * 2  # a convolution and a pooling


# Networks of others


class Residual(nn.Module):
    """A stem, a residual block, a pooling, a dense layer and a classifier."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.first, self.second = nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 3, padding=1)
        self.relu, self.pool = nn.ReLU(), nn.MaxPool2d(2)
        self.dense = nn.Conv2d(4, 4, 5, padding=2)
        self.end, self.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 5)

    def forward(self, x):
        x = self.relu(self.norm(self.stem(x)))
        x = x + self.second(self.relu(self.first(x)))
        x = self.pool(x)
        x = torch.cat([x, self.dense(x)], 1)
        return self.classifier(self.end(x).flatten(1))


class ByFunctions(Residual):
    """The same, computed by functions and methods alone."""

    def forward(self, x):
        x = F.conv2d(x, self.stem.weight, self.stem.bias, padding=1)
        x = F.batch_norm(x, self.norm.running_mean, self.norm.running_var).relu_()
        inner = F.relu(torch.conv2d(x, self.first.weight))
        x += F.conv2d(inner, self.second.weight, padding=1)
        x = torch.max_pool2d(x, 2)
        x = torch.cat([x, F.conv2d(x, self.dense.weight, padding=2)], 1)
        return x.mean((2, 3)) @ self.classifier.weight.T


BY_HAND = {
    "l_c3": 3, "l_c1": 1, "l_conv": 4, "l_pool": 1, "l_stride": 1, "l_params": 28,
    "paths": 4, "conv_paths": 4, "free_paths": 0, "id_paths": 0,
    "d_max": 4, "d_min": 1, "d_mean": 2.5, "d3_max": 3, "d3_min": 1, "d3_mean": 2,
    "p_max": 1, "p_min": 1, "p_mean": 1,
}  # fmt: skip


@pytest.mark.parametrize("kind", [Residual, ByFunctions])
def test_counts_of_a_residual_network_by_hand(kind):
    assert counts(kind()) == BY_HAND


def head(*layers, channels=3):
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 5))


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], {"l_pool": 0, "id_paths": 1, "conv_paths": 0}),
        ([nn.AvgPool2d(3, 1, 1)], {"l_pool": 1, "l_stride": 0, "id_paths": 0, "free_paths": 0}),
        ([nn.AvgPool2d(2), nn.MaxPool2d(3, 1, 1)], {"l_pool": 2, "l_stride": 1}),
        ([nn.AdaptiveAvgPool2d(4), nn.AdaptiveMaxPool2d(2)], {"l_pool": 2}),
        ([nn.AvgPool2d(8)], {"l_pool": 0}),
        ([nn.MaxPool2d(8)], {"l_pool": 0}),
        ([nn.AvgPool2d(8), nn.Conv2d(3, 3, 1)], {"l_pool": 1}),
        ([nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 3, 1)], {"l_pool": 0}),
        ([nn.Conv2d(3, 3, (1, 3), 2)], {"l_c3": 1, "l_stride": 1}),
        ([nn.Conv2d(3, 3, 3, groups=3), nn.Conv2d(3, 3, 1)], {"l_c3": 1, "l_c1": 1, "l_params": 10}),
        ([nn.ConvTranspose2d(3, 3, 2, 2)], {"l_conv": 1, "l_c3": 0, "l_c1": 1, "l_stride": 0}),
        ([nn.Dropout(0.5), nn.GELU(), nn.BatchNorm2d(3), nn.Upsample(scale_factor=2)], {"id_paths": 1}),
    ],
)
def test_what_counts_as_a_convolution_and_as_a_pooling(layers, expected):
    found = counts(head(*layers))
    assert {name: found[name] for name in expected} == expected


def test_a_layer_that_runs_twice_counts_twice_and_one_that_does_not_reach_the_logits_never():
    class Shared(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.dead = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)

        def forward(self, x):
            self.dead(x)
            return self.conv(self.conv(x))

    found = counts(head(Shared()))
    assert (found["l_conv"], found["d_max"], found["l_c1"]) == (2, 2, 0)


def test_counts_of_what_leaves_no_trace_are_undefined_and_say_why():
    _, status = scores(Residual())
    for name in UNTRACED:
        assert "leave no trace in a network that is not of a search space" in status[f"structure_{name}"]


def test_a_network_whose_logits_do_not_depend_on_the_images_has_no_counts():
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.classifier = nn.Linear(3, 5)

        def forward(self, x):
            return self.classifier(torch.zeros(len(x), 3))

    found, status = scores(Constant())
    assert all(math.isnan(value) for value in found.values())
    assert set(status.values()) == {"the logits do not depend on the images"}

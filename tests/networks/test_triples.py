"""The layers that are chosen of a network, by the data flow or by the order of the calls."""

import numpy as np
import pytest
import torch
from torch import nn

import zcrepro
from zcrepro.networks.calls import Kind, calls_seen
from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.triples import triples

ACTIVATED_BEFORE = (Kind.RELU, Kind.CONVOLUTION, Kind.NORM)
ACTIVATED_AFTERWARDS = (Kind.CONVOLUTION, Kind.NORM, Kind.RELU)


def chosen(model, channels=4, side=8):
    """Return the layers, as numbers of calls, and the calls."""
    calls = []
    with calls_seen(calls.append):
        model(torch.randn(2, channels, side, side, generator=torch.Generator().manual_seed(1)))
    return triples(calls), calls


def layers(*modules, **options):
    return chosen(nn.Sequential(*modules), **options)[0]


def convolution(**options):
    return nn.Conv2d(4, 4, 3, padding=1, **options)


def norm():
    return nn.BatchNorm2d(4)


class Sum(nn.Module):
    """The sum of what branches compute from the same input."""

    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return sum(branch(x) for branch in self.branches)


def test_a_layer_is_a_relu_a_convolution_and_a_norm_that_read_one_another():
    chain = [convolution(), norm(), nn.ReLU(), convolution(), norm(), nn.ReLU(), convolution(), norm()]
    assert layers(*chain) == [(2, 3, 4), (5, 6, 7)]


def test_modules_that_return_their_input_come_between_nothing():
    assert layers(nn.ReLU(), nn.Identity(), convolution(), nn.Sequential(), norm()) == [(0, 1, 2)]


def test_a_convolution_without_a_norm_is_left_out():
    assert layers(nn.ReLU(), convolution(), nn.ReLU(), convolution(), norm()) == [(2, 3, 4)]


def test_a_convolution_that_reads_something_between_is_left_out():
    pooled = [nn.ReLU(), nn.AvgPool2d(3, 1, 1), convolution(), norm()]
    assert layers(nn.ReLU(), convolution(), norm(), *pooled) == [(0, 1, 2)]


def test_a_convolution_whose_input_was_written_to_is_left_out():
    class Scaled(nn.Module):
        def forward(self, x):
            return x.mul_(2)

    written = [nn.ReLU(), Scaled(), convolution(), norm()]
    assert layers(nn.ReLU(), convolution(), norm(), *written) == [(0, 1, 2)]


def test_of_convolutions_that_follow_one_another_the_last_counts():
    assert layers(nn.ReLU(), convolution(groups=4), nn.Conv2d(4, 4, 1), norm()) == [(0, 2, 3)]


def test_an_in_place_relu_is_followed_although_its_output_is_not_used_by_name():
    class Ignored(nn.Module):
        def forward(self, x):
            x = x + 1
            nn.functional.relu(x, inplace=True)
            return x

    assert layers(Ignored(), convolution(), norm()) == [(0, 1, 2)]


def test_one_relu_may_begin_several_layers():
    branches = Sum(nn.Sequential(convolution(), norm()), nn.Sequential(convolution(), norm()))
    assert layers(nn.ReLU(), branches) == [(0, 1, 2), (0, 3, 4)]


def test_a_branch_that_leads_nowhere_is_a_layer():
    class Dead(nn.Module):
        def __init__(self):
            super().__init__()
            self.branch = nn.Sequential(nn.ReLU(), convolution(), norm())

        def forward(self, x):
            self.branch(x)
            return x

    assert layers(Dead(), nn.ReLU(), convolution(), norm()) == [(0, 1, 2), (3, 4, 5)]


def test_without_such_layers_convolution_norm_and_relu_are_taken_in_turn():
    assert layers(convolution(), norm(), nn.ReLU()) == [(0, 1, 2)]


def test_sums_before_most_convolutions_make_all_be_taken_in_turn():
    def node():
        return nn.Sequential(convolution(), norm(), nn.ReLU())

    cell = [Sum(node(), node()) for _ in range(3)]
    assert layers(*cell) == [(number, number + 1, number + 2) for number in range(0, 18, 3)]


def test_a_convolution_out_of_turn_lets_a_norm_be_taken_next():
    # Taken at first: 0, 1, 4, 5 (4 after the convolution 3 out of turn); of these again 0, 1, 5.
    out_of_turn = [convolution(), norm(), convolution(), convolution(), norm(), nn.ReLU()]
    shortcut = nn.AvgPool2d(3, 1, 1)
    assert layers(*out_of_turn[:2], shortcut, *out_of_turn[2:]) == [(0, 1, 5)]


def test_a_bare_convolution_before_the_last_norm_makes_all_be_taken_in_turn():
    block = Sum(
        nn.Sequential(nn.ReLU(), convolution(), norm(), nn.ReLU(), convolution(), norm()),
        nn.Sequential(nn.AvgPool2d(3, 1, 1), convolution()),
    )
    stem, head = [convolution(), norm()], [norm(), nn.ReLU()]
    assert layers(*stem, block, *head) == [(0, 1, 2), (3, 4, 5), (6, 7, 10)]
    cell = nn.Sequential(nn.ReLU(), convolution(), norm())
    assert layers(*stem, block, cell, *head) == [(2, 3, 4), (5, 6, 7), (9, 10, 11)]


@pytest.mark.parametrize(
    "modules",
    [
        lambda: [convolution()],
        lambda: [convolution(), nn.ReLU(), convolution()],
        lambda: [convolution(), norm(), nn.SiLU()],
        lambda: [nn.ReLU(), norm()],
    ],
    ids=["convolution", "no norm", "no relu", "no convolution"],
)
def test_a_network_without_layers_is_refused(modules):
    with pytest.raises(
        UndefinedScoreError, match="no convolution with a ReLU before it and a BatchNorm behind"
    ):
        layers(*modules())


@pytest.mark.parametrize(
    ("name", "task", "kinds"),
    [
        ("nasbench101", "cifar10", ACTIVATED_AFTERWARDS),
        ("nasbench301", "cifar10", ACTIVATED_BEFORE),
        ("nasbench_macro", "cifar10", ACTIVATED_BEFORE),
        ("natsbench_sss", "cifar10", ACTIVATED_BEFORE),
        ("nds_resnet", "cifar10", ACTIVATED_BEFORE),
        ("nds_vanilla", "cifar10", ACTIVATED_BEFORE),
        ("transnasbench101_micro", "class_object", ACTIVATED_BEFORE),
        ("embedded_cell", "digits", ACTIVATED_BEFORE),
    ],
)
def test_layers_of_the_search_spaces_cover_most_convolutions_with_norms(name, task, kinds):
    space = zcrepro.get_space(name)
    model = space.network(space.sample(np.random.default_rng(5)), task)
    found, calls = chosen(model, space.task_shape(task).channels, side=16)
    assert {tuple(calls[number].kind for number in layer) for layer in found} == {kinds}
    assert 2 * len(found) > sum(call.kind is Kind.NORM for call in calls)

"""The variants of SynFlow, by hand."""

import math

import pytest
import torch
from torch import nn

import zcrepro
from proxies.small_networks import score, status


def chain(norm):
    model = nn.Sequential(
        nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(4, 1, bias=False)
    )
    with torch.no_grad():
        model[0].weight.fill_(-3.0)
        model[3].weight.copy_(torch.tensor([[1.0, -2.0, 3.0, 4.0]]))
    return model if norm else nn.Sequential(model[0], *model[2:])


def test_log_synflow_of_a_chain_by_hand():
    images, labels = torch.zeros(1, 1, 2, 2), torch.zeros(1, dtype=torch.long)
    expected = 3 * math.log(1 + 10) + (1 + 2 + 3 + 4) * math.log(1 + 3)
    assert score(chain(norm=True), "log_synflow", images, labels) == pytest.approx(expected)


def test_synflow_with_batchnorm_is_synflow_where_there_is_none():
    images, labels = torch.zeros(1, 1, 2, 2), torch.zeros(1, dtype=torch.long)
    names = ["synflow", "synflow_bn", "synflow_zcp"]
    assert set(zcrepro.score(chain(norm=False), images, labels, names).values()) == {60.0}
    reduced = zcrepro.score(chain(norm=True), images, labels, ["synflow", "synflow_zcp"])
    assert set(reduced.values()) == {60.0}


class Squared(nn.Module):
    """A product that keeps its input, which then goes through a BatchNorm and an activation in place."""

    def __init__(self):
        super().__init__()
        self.conv, _, self.flatten, self.linear = chain(norm=True)
        self.norm, self.relu = nn.BatchNorm2d(1), nn.ReLU(inplace=True)

    def forward(self, images):
        features = self.conv(images)
        squares = features * features
        return self.linear(self.flatten(squares + self.relu(self.norm(features))))


def test_an_activation_in_place_after_a_batchnorm_leaves_its_input_alone():
    images, labels = torch.zeros(1, 1, 2, 2), torch.zeros(1, dtype=torch.long)
    # Every pixel of the ones is 3 after the convolution, 3 * 3 + 3 before the classifier of weights 1, 2, 3, 4.
    expected = (1 + 2 + 3 + 4) * (3 * 3 + 3) + (1 + 2 + 3 + 4) * 3 * (2 * 3 + 1)
    assert zcrepro.score(Squared(), images, labels, ["synflow"])["synflow"] == pytest.approx(expected)


def test_a_batchnorm_that_sees_one_value_leaves_the_score_undefined():
    layers = [nn.Flatten(), nn.Linear(108, 4), nn.BatchNorm1d(4), nn.Linear(4, 5)]
    reason = "a normalisation sees a single value of each channel, which has no variance"
    assert status(layers, "synflow_bn") == reason

"""SWAP and the number of linear regions, by their equations and by hand."""

import copy

import numpy as np
import torch
from torch import nn

from proxies.small_networks import batch, built, convolutional, outputs_of, score, single_layer, status


def test_swap_and_linear_regions_equal_their_equations(network):
    images, _ = batch()
    model = copy.deepcopy(network).train()
    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    codes = np.concatenate([(o > 0).flatten(1).numpy() for o in outputs_of(model, relus, images)], 1)
    assert score(network, "swap") == len(set(map(tuple, codes.T)))
    assert score(network, "linear_regions") == len(set(map(tuple, codes)))


def test_patterns_by_hand():
    """Three images, four units: the units show three patterns, and two images are alike."""
    model = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(4, 2)).double()
    images = torch.tensor([[1.0, -1, 1, -1], [1, -1, 1, 2], [2, -3, 1, -1]]).double().reshape(3, 1, 2, 2)
    labels = torch.zeros(3, dtype=torch.long)
    assert score(model, "swap", images, labels) == 3
    assert score(model, "linear_regions", images, labels) == 2


def test_scaling_a_layer_before_batchnorm_changes_no_pattern():
    model = built(convolutional())
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[2].weight.mul_(8.0)
        other[2].bias.mul_(8.0)
    assert score(other, "swap") == score(model, "swap")


def test_undefined_scores_say_why():
    alone = "a batch of one lies in one region, whatever the network"
    assert status(convolutional(), "linear_regions", size=1) == alone
    for name in ("swap", "linear_regions"):
        assert status(single_layer(), name) == "no feature map runs through a ReLU"

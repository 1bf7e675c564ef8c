"""ZiCo, by its equation and by hand."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from proxies.small_networks import batch, built, convolutional, pooled_alone, score, status, weight_gradients


def test_zico_equals_its_equation(any_network):
    images, labels = batch()
    model = copy.deepcopy(any_network)
    halves = [weight_gradients(model, images[part], labels[part]) for part in (slice(0, 4), slice(4, 8))]
    expected = 0.0
    for first, second in zip(*halves, strict=True):
        both = np.stack([first, second])
        deviation = both.std(0)
        ratios = np.abs(both).mean(0)[deviation > 0] / deviation[deviation > 0]
        expected += math.log(ratios.sum())
    assert score(any_network, "zico") == pytest.approx(expected, rel=1e-9)


def test_zico_of_two_images_by_hand():
    """With logits w x and labels 0 the gradient of the first weight is -x / 2 at w = 0, and so on."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False)).double()
    nn.init.zeros_(model[1].weight)
    images = torch.tensor([1.0, 3.0]).double().reshape(2, 1, 1, 1)
    found = score(model, "zico", images, torch.zeros(2, dtype=torch.long))
    assert found == pytest.approx(math.log(2 * 2))  # mean 1, deviation 1/2, two weights


def test_zico_does_not_know_the_first_half_from_the_second_nor_the_order_within():
    model, (images, labels) = built(convolutional()), batch()
    order = torch.tensor([6, 4, 7, 5, 1, 3, 0, 2])
    assert score(model, "zico", images[order], labels[order]) == pytest.approx(score(model, "zico"), rel=1e-9)


def test_undefined_scores_say_why():
    assert status(convolutional(), "zico", size=1) == "a batch of one has no two halves to compare"
    assert status(pooled_alone(), "zico") == "the network has no nn.Conv2d and no nn.Linear"

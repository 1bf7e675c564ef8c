"""GradSign, by its equation and by hand."""

import copy

import numpy as np
import torch
from torch import nn

from proxies.small_networks import batch, pooled_alone, score, status, weight_gradients


def test_grad_sign_equals_its_equation(any_network):
    images, labels = batch()
    model = copy.deepcopy(any_network).train()
    each = [weight_gradients(model, images[[i]], labels[[i]]) for i in range(len(images))]
    expected = sum(np.abs(np.sign(np.stack(of_layer)).sum(0)).sum() for of_layer in zip(*each, strict=True))
    assert score(any_network, "grad_sign") == expected


def test_grad_sign_of_a_linear_layer_by_hand():
    """Of images 1, 1, -1 with one label, two agree in each of two weights: |2 - 1| twice."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False)).double()
    images = torch.tensor([1.0, 1.0, -1.0]).double().reshape(3, 1, 1, 1)
    assert score(model, "grad_sign", images, torch.zeros(3, dtype=torch.long)) == 2


def test_undefined_scores_say_why():
    assert status(pooled_alone(), "grad_sign") == "the network has no nn.Conv2d and no nn.Linear"


def test_a_batchnorm_that_sees_one_value_leaves_the_score_undefined():
    layers = [nn.Flatten(), nn.Linear(108, 4), nn.BatchNorm1d(4), nn.Linear(4, 5)]
    reason = "a normalisation sees a single value of each channel, which has no variance"
    assert status(layers, "grad_sign") == reason

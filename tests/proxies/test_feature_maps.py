"""MeCo, by its equation and by hand."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from proxies.small_networks import batch, built, convolutional, outputs_of, score, single_layer, status


def test_meco_equals_its_equation(network):
    images, _ = batch()
    model = copy.deepcopy(network).train()
    expected = 0.0
    for output in outputs_of(model, model.modules(), images[:1]):
        features = output[0].detach().numpy().reshape(len(output[0]), -1)
        if features.shape[1] > 1:
            with np.errstate(invalid="ignore"):
                correlations = np.nan_to_num(np.corrcoef(features))
            expected += np.linalg.eigvals(correlations).real.min()
    assert score(network, "meco") == pytest.approx(expected, rel=1e-9)


def test_meco_of_two_channels_is_one_minus_their_correlation():
    model = nn.Sequential(nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2)).double()
    images = torch.tensor([[[1.0, 2, 3, 4]], [[2.0, 1, 4, 3]]]).double()[None]  # correlation 0.6
    labels = torch.zeros(1, dtype=torch.long)
    assert score(model, "meco", images, labels) == pytest.approx(0.4)
    nested = nn.Sequential(nn.Sequential(*model[:1]), *model[1:])
    assert score(nested, "meco", images, labels) == pytest.approx(0.8)


def test_the_feature_maps_are_of_the_first_image():
    model, (images, labels) = built(convolutional()), batch(20)
    assert score(model, "meco", images[:1], labels[:1]) == score(model, "meco", images, labels)


def test_undefined_scores_say_why():
    assert status(single_layer(), "meco") == "the network has no feature maps"


def test_a_batchnorm_that_sees_one_value_leaves_the_score_undefined():
    layers = [nn.Flatten(), nn.Linear(108, 4), nn.BatchNorm1d(4), nn.Linear(4, 5)]
    reason = "a normalisation sees a single value of each channel, which has no variance"
    assert status(layers, "meco") == reason

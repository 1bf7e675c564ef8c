"""The components of AZ-NAS, by their equations."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import zcrepro
from proxies.small_networks import (
    SEED,
    Copy,
    Nothing,
    Pointwise,
    batch,
    built,
    kaiming,
    score,
    single_layer,
    status,
)

ALL = sorted(zcrepro.list_proxies())


def entropies(features):
    """Return the entropies of the variances along the principal axes, by an SVD of the centred features."""
    found = []
    for feature in features:
        values = feature.detach().numpy().transpose(0, 2, 3, 1).reshape(-1, feature.shape[1])
        variances = np.linalg.svd(values - values.mean(0), compute_uv=False) ** 2
        shares = variances / variances.sum()
        found.append(-(shares * np.log(shares + 1e-8)).sum())
    return found


def block_features(network):
    """Return the features of every layer of the chain before the pooling."""
    model, noise = kaiming(network)
    features = [noise.requires_grad_()]
    for layer in model[:-3]:
        features.append(layer(features[-1]))
    return features[1:]


def test_expressivity_and_progressivity_equal_their_equations(network):
    expected = entropies(block_features(network))
    assert score(network, "az_expressivity") == pytest.approx(sum(expected), rel=1e-6)
    steps = [after - before for before, after in pairwise(expected)]
    assert score(network, "az_progressivity") == pytest.approx(min(steps), rel=1e-6)


def test_trainability_equals_its_equation(network):
    scores = []
    for before, after in reversed(list(pairwise(block_features(network)))):
        signs = torch.empty_like(after).bernoulli_(0.5) * 2 - 1
        (gradient,) = torch.autograd.grad(after, before, signs, retain_graph=True)
        if gradient.shape[2:] != signs.shape[2:]:
            gradient = F.pixel_unshuffle(gradient, gradient.shape[2] // signs.shape[2])
        outer = torch.einsum("nchw,ndhw->cd", gradient, signs) / signs[:, 0].numel()
        norm = np.linalg.svd(outer.numpy(), compute_uv=False).max()
        scores.append(-norm - 1 / (norm + 1e-6) + 2)
    assert score(network, "az_trainability") == pytest.approx(np.mean(scores), rel=1e-9)


@pytest.mark.parametrize(
    ("layers", "name", "reason"),
    [
        (single_layer, "az_expressivity", "the blocks put out 0 feature maps, and 1 are needed"),
        (single_layer, "az_trainability", "the blocks put out 0 feature maps, and 2 are needed"),
        (lambda: [Pointwise(Copy())], "az_trainability", "a block passes its input on unchanged"),
        (
            lambda: [Pointwise(Nothing())],
            "az_trainability",
            "a block passes no gradient on to the block before it",
        ),
        (lambda: [Pointwise(Nothing())], "az_progressivity", "the features of a block are constant"),
        (
            lambda: [Pointwise(nn.AdaptiveAvgPool2d(4))],
            "az_trainability",
            "a block changes the resolution by no whole factor",
        ),
    ],
)
def test_undefined_scores_say_why(layers, name, reason):
    assert status(layers(), name) == reason


def test_a_block_that_hides_the_one_before_leaves_the_other_components_defined():
    found = zcrepro.score(built([Pointwise(Copy())]), *batch(), ALL, SEED)
    undefined = {name for name in ALL if name.startswith("az_") and found.status[name] != "ok"}
    assert undefined == {"az_trainability"}

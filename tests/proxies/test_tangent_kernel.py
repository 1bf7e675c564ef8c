"""The condition number of the neural tangent kernel, by its equation and by hand."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from proxies.small_networks import (
    Nothing,
    Pointwise,
    batch,
    built,
    convolutional,
    pooled_alone,
    score,
    single_layer,
    status,
)


def test_ntk_condition_equals_its_equation(network):
    images, _ = batch()
    model = copy.deepcopy(network).train()
    rows = []
    for index in range(len(images)):
        model.zero_grad()
        model(images)[index].sum().backward()
        rows.append(torch.cat([p.grad.flatten() for n, p in model.named_parameters() if "weight" in n]))
    expected = np.linalg.cond(torch.stack(rows).numpy()) ** 2
    assert score(network, "ntk_condition") == pytest.approx(expected, rel=1e-6)


def test_ntk_of_a_linear_layer_is_the_products_of_its_inputs():
    model = nn.Sequential(nn.Flatten(), nn.Linear(108, 5)).double()
    images, _ = batch()
    products = images.flatten(1) @ images.flatten(1).T
    assert score(model, "ntk_condition") == pytest.approx(np.linalg.cond(products.numpy()), rel=1e-9)


def test_the_kernel_is_of_the_first_sixteen_images():
    model, (images, labels) = built(single_layer()), batch(20)
    first = score(model, "ntk_condition", images[:16], labels[:16])
    assert score(model, "ntk_condition", images, labels) == first


def test_undefined_scores_say_why():
    assert status(convolutional(), "ntk_condition", size=1) == "a batch of one has a kernel of one value"
    assert status([Pointwise(Nothing())], "ntk_condition") == "the kernel is singular"
    assert status(pooled_alone(), "ntk_condition") == "the network has no weights"

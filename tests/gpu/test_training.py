"""Trainings on a GPU."""

import numpy as np
import pytest
import torch

import zcrepro
from gpu.networks import CPU, GPU
from zcrepro import registry
from zcrepro.networks.precision import full_precision
from zcrepro.training.fit import Options, accuracy, fit

pytestmark = pytest.mark.gpu

CHOSEN = Options(epochs=4, schedule="cosine", batch_size=50)
DIGITS = registry.get("images", "digits").subsets([])


def trained(device):
    """Return a network after its training, and its accuracy."""
    space = zcrepro.get_space("embedded_cell")
    network = space.network(space.sample(np.random.default_rng(5)), "digits", 7).to(device)
    with full_precision():
        for _ in fit(network, DIGITS["training"], CHOSEN, "key"):
            pass
        reached = accuracy(network, DIGITS["test"], "digits", "test")
    return network, reached


def test_a_training_is_the_same_again():
    (first, one), (again, other) = trained(GPU), trained(GPU)
    assert one == other
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_a_training_reaches_the_accuracy_of_the_cpu():
    """Rounding errors grow in a training, so that its accuracy is met as another order of batches meets it."""
    (_, found), (_, expected) = trained(GPU), trained(CPU)
    assert expected > 40
    assert found == pytest.approx(expected, abs=8)

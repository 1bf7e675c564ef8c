"""One training: its learning rates, its images, and that it can be stopped after any epoch."""

import math
from itertools import islice

import numpy as np
import pytest
import torch

from zcrepro import registry, seeds
from zcrepro.images.base import Images
from zcrepro.spaces.embedded_cell import SPACE
from zcrepro.training.fit import Options, accuracy, fit

PIXELS, LABELS = np.array([[1.0, 2.0], [-1.0, 0.5], [0.0, 3.0]], np.float32), np.array([0, 1, 1])


class Three:
    """Three images that are the same in every view; keeps the side that each view is asked for."""

    views = 1

    def __init__(self):
        self.sides = []

    def __len__(self):
        return 3

    def view(self, rng, side=None):
        del rng
        self.sides.append(side)
        return Images(PIXELS, LABELS)


def learning_rates(options):
    """Return the rate of each epoch of one step: how far the weights move, by their gradient."""
    network = torch.nn.Linear(2, 2, bias=False)
    network.load_state_dict({"weight": torch.tensor([[0.3, -0.2], [0.1, 0.4]])})
    rates, before = [], network.weight.detach().clone()
    for _ in fit(network, Three(), options, "rates"):
        start = before.clone().requires_grad_()
        torch.nn.functional.cross_entropy(
            torch.from_numpy(PIXELS) @ start.T, torch.from_numpy(LABELS)
        ).backward()
        moved = before - network.weight.detach()
        rates.append(float((moved * start.grad).sum() / start.grad.square().sum()))
        before = network.weight.detach().clone()
    return rates


def plain(**options):
    """Options of a training whose steps are the gradient times the learning rate."""
    return Options(batch_size=3, momentum=0.0, weight_decay=0.0, **options)


def test_the_cosine_schedule_falls_from_the_highest_rate_to_zero():
    rates = learning_rates(plain(schedule="cosine", epochs=10, learning_rate=0.2))
    expected = [0.2 * (1 + math.cos(math.pi * step / 10)) / 2 for step in range(10)]
    assert rates == pytest.approx(expected, rel=1e-3, abs=1e-5)
    many = learning_rates(plain(schedule="cosine", epochs=200, learning_rate=0.2))
    assert many[0] == pytest.approx(0.2, rel=1e-3)
    assert abs(many[-1]) < 1e-4


def test_the_one_cycle_schedule_rises_to_the_highest_rate_and_falls_to_zero():
    rates = learning_rates(plain(schedule="one_cycle", epochs=11, learning_rate=0.1))
    highest = int(np.argmax(rates))
    assert 0 < highest < 5
    assert rates[0] == pytest.approx(0.1 / 25, rel=1e-2)
    assert rates[highest] > 0.09
    assert rates[: highest + 1] == sorted(rates[: highest + 1])
    assert rates[highest:] == sorted(rates[highest:], reverse=True)
    assert abs(rates[-1]) < 1e-4


def test_each_epoch_is_a_view_of_the_asked_side_and_is_told_after_it():
    subset, network = Three(), torch.nn.Linear(2, 2)
    told = []
    for epoch in fit(network, subset, plain(epochs=3), "told", side=5):
        told.append((epoch, len(subset.sides)))
    assert told == [(1, 1), (2, 2), (3, 3)]
    accuracy(network, subset, "any", "test", side=7)
    assert subset.sides == [5, 5, 5, 7]


def test_nothing_is_trained_before_the_first_epoch_is_asked_for_or_after_the_last():
    network, subset = torch.nn.Linear(2, 2), Three()
    training = fit(network, subset, plain(epochs=4), "lazy")
    before = network.weight.detach().clone()
    assert torch.equal(network.weight, before)
    assert list(islice(training, 2)) == [1, 2]
    assert len(subset.sides) == 2
    assert not torch.equal(network.weight, before)


def test_a_training_is_decided_by_its_key_and_learns():
    subsets = registry.get("images", "digits").subsets()
    arch = SPACE.parse(
        "|skip_connect~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
    )
    options = Options(epochs=5, batch_size=50, schedule="cosine")

    def trained(*key):
        network = SPACE.network(arch, "digits", seeds.derive("any"), channels=4)
        assert list(fit(network, subsets["training"], options, *key, side=8)) == [1, 2, 3, 4, 5]
        return network, accuracy(network, subsets["test"], "digits", "test", side=8)

    (first, reached), (again, same), (other, _) = trained("a"), trained("a"), trained("b")
    weights = [network.classifier.weight for network in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert reached == same > 25  # guessing gives 10

"""Hooks that are removed when they have served."""

import pytest
import torch
from torch import nn

from zcrepro.networks.hooks import hooked


def hooks_of(model):
    return [hook for module in model.modules() for hook in module._forward_hooks.values()]


def test_hooks_run_inside_and_are_removed_on_exit():
    model, seen = nn.Sequential(nn.ReLU(), nn.ReLU()), []
    with hooked(module.register_forward_hook(lambda *call: seen.append(call[2])) for module in model):
        model(torch.zeros(1))
    model(torch.zeros(1))
    assert len(seen) == 2
    assert hooks_of(model) == []


def test_hooks_are_removed_if_the_network_raises():
    model = nn.Linear(2, 2)
    with (
        pytest.raises(RuntimeError, match="shapes"),
        hooked([model.register_forward_hook(lambda *_: None)]),
    ):
        model(torch.zeros(1, 3))
    assert hooks_of(model) == []


def test_hooks_are_removed_if_a_registration_fails():
    model = nn.ReLU()

    def handles():
        yield model.register_forward_hook(lambda *_: None)
        raise KeyError("second")

    with pytest.raises(KeyError), hooked(handles()):
        pass
    assert hooks_of(model) == []

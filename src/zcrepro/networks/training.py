"""Prepare a network for a pass (mode, gradients, seed), and restore it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.utils.parametrize import cached

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.generators import seeded
from zcrepro.networks.layers import weighted_layers
from zcrepro.networks.preserve import preserved

REFUSAL = "Expected more than 1"
"""The start of torch's ValueError if a BatchNorm or InstanceNorm sees one value per channel."""


@contextmanager
def training(model: nn.Module, seed: int) -> Iterator[None]:
    """Put ``model`` into training mode, with gradients for all weights and seeded generators.

    Raises UndefinedScoreError if a normalisation sees a single value per channel.
    """
    try:
        with _ready(model, seed, training_mode=True):
            yield
    except ValueError as error:
        if not str(error).startswith(REFUSAL):
            raise
        raise UndefinedScoreError(
            "a normalisation sees a single value of each channel, which has no variance"
        ) from error


@contextmanager
def evaluation(model: nn.Module, seed: int) -> Iterator[None]:
    """Put ``model`` into evaluation mode, with gradients for all weights and seeded generators."""
    with _ready(model, seed, training_mode=False):
        yield


@contextmanager
def _ready(model: nn.Module, seed: int, *, training_mode: bool) -> Iterator[None]:
    with preserved(model), seeded(model, seed), torch.enable_grad(), cached(), _plain_attention():
        model.train(training_mode)
        for parameter in model.parameters():
            if parameter.is_floating_point():
                parameter.requires_grad_(True)
        for layer in weighted_layers(model):
            # The weight of a layer may be a buffer or a plain attribute, which parameters() does not list.
            if layer.weight.is_leaf and layer.weight.is_floating_point():
                layer.weight.requires_grad_(True)
        yield


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Compute attention by elementary operations inside.

    The fused CPU kernels have no second derivative, and the fast path of torch's transformer layers in
    evaluation mode does not run hooks.
    """
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)

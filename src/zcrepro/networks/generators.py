"""The global random generators that a network may draw from: of torch, numpy and Python."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from zcrepro.networks.errors import DrewError


@contextmanager
def seeded(model: nn.Module, seed: int) -> Iterator[None]:
    """Seed the global generators, and restore their states on exit.

    This is for code of others, to which no generator can be passed: networks may draw from the global ones
    in their constructor or in their forward.
    """
    devices = {p.device for p in model.parameters() if p.device.type == "cuda"}
    python, legacy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed % 2**32)
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)


def states(device: torch.device) -> tuple[object, ...]:
    """Return the states of the generators; two calls return equal states if nothing was drawn between."""
    on_device = torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.empty(0)
    tensors = (torch.get_rng_state(), on_device)
    _, keys, place, *_ = np.random.get_state()
    numpy_state = (np.asarray(keys).tobytes(), place)
    return *(tensor.numpy().tobytes() for tensor in tensors), numpy_state, random.getstate()


@contextmanager
def undrawn(device: torch.device) -> Iterator[None]:
    """Raise DrewError on exit if a global generator was drawn from inside."""
    before = states(device)
    yield
    if states(device) != before:
        raise DrewError

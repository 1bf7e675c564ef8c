"""The kernel of activation patterns: in how many ReLU units two images of a batch agree.

After Mellor et al., Neural Architecture Search without Training (ICML 2021).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.relus import folded

WORD = np.dtype(np.uint64)


class ReluKernel:
    """Accumulates over ReLUs in how many units ``n`` images agree."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._total: Tensor | None = None
        self._obstacle: str | None = None

    def add(self, activations: Tensor) -> None:
        """Add a ReLU that put out ``activations``, (n, ...)."""
        self._obstacle = self._obstacle or folded(activations, self._n)
        if self._obstacle is None:
            kernel = agreement(activations)
            self._total = kernel if self._total is None else self._total + kernel

    def total(self) -> Tensor | None:
        """Return the kernel, or None if no ReLU ran. Raises UndefinedScoreError if rows are not images."""
        if self._obstacle:
            raise UndefinedScoreError(self._obstacle)
        return self._total


def agreement(activations: Tensor) -> Tensor:
    """Return in how many units two images are both active or both inactive, (n, n) in float64.

    The counts are whole numbers, so that both ways to count give the same.
    """
    active = (activations > 0).flatten(1)
    # On a CPU, counting bits takes a third of the time of a product. On a GPU, they would have to leave it.
    return _by_bits(active) if active.device.type == "cpu" else _by_product(active)


def _by_bits(active: Tensor) -> Tensor:
    """Count the units in which two rows of bits differ, a word of 64 units at a time."""
    packed = np.packbits(active.numpy(), axis=1)
    words = np.pad(packed, ((0, 0), (0, -packed.shape[1] % WORD.itemsize))).view(WORD)
    differing = np.zeros((len(words), len(words)))
    for row, bits in enumerate(words):
        differing[row, row:] = np.bitwise_count(bits ^ words[row:]).sum(1, dtype=np.int64)
    return torch.from_numpy(active.shape[1] - differing - differing.T)


def _by_product(active: Tensor) -> Tensor:
    """Multiply the codes C in {0, 1}, (n, units).

    With row sums s, C C^T + (1 - C)(1 - C)^T = 2 C C^T - s - s^T + units. The product is in float32, which is
    exact for whole numbers below 2^24.
    """
    codes = active.float()
    count = codes.sum(1, dtype=torch.float64)
    return 2 * (codes @ codes.T).double() - count[:, None] - count[None, :] + codes.shape[1]

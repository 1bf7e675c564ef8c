"""The pass of patterns: which ReLU units of feature maps are active for which image, in training mode.

No activation is kept. The patterns of units are collected as a set of packed bits, one bit per image. The
pattern of an image over all units is long, so it is reduced to a digest of 128 bits, which two different
patterns share with negligible probability.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import logits, require_finite_logits
from zcrepro.networks.relus import folded, relus_seen
from zcrepro.networks.training import training
from zcrepro.proxies.base import Batch, Need, Record


@dataclass
class Patterns(Record):
    """The activation patterns of units and of images; both are empty if no 4-d tensor runs through a ReLU.

    ``of_units`` holds each distinct pattern of a unit over the images, as packed bits. ``of_images`` holds
    one digest per image, of its pattern over all units.
    """

    of_units: set[bytes] = field(default_factory=set)
    of_images: list[bytes] = field(default_factory=list)


class PatternPass:
    name = "patterns"
    records: frozenset[Need] = frozenset()
    cost = "1.2"
    reads_tokens = False

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Patterns:
        del needs  # the record is the same for every proxy, since both parts are cheap beside the forward
        patterns = Patterns()
        digests = [blake2b(digest_size=16) for _ in batch.labels]

        obstacles: list[str] = []

        def add(output: Tensor) -> None:
            if output.dim() != 4:
                return
            if reason := folded(output, len(digests)):
                obstacles.append(reason)
                return
            active = (output > 0).flatten(1).cpu().numpy()
            patterns.of_units.update(_rows(np.packbits(active, axis=0).T))
            for digest, row in zip(digests, np.packbits(active, axis=1), strict=True):
                digest.update(row.tobytes())

        with training(model, seed), torch.no_grad(), relus_seen(add):
            outputs = logits(model, batch.images)
        require_finite_logits(outputs)
        if obstacles:
            raise UndefinedScoreError(obstacles[0])
        if patterns.of_units:
            patterns.of_images = [digest.digest() for digest in digests]
        return patterns


def _rows(bits: NDArray[np.uint8]) -> list[bytes]:
    """Return each row of (units, bytes) as one bytes object, without a loop over the rows."""
    rows: list[Any] = np.ascontiguousarray(bits).view(np.dtype((np.void, bits.shape[1]))).ravel().tolist()
    return rows


def required_patterns(record: Patterns) -> Patterns:
    """Return the patterns. Raises UndefinedScoreError if there are none."""
    if not record.of_units:
        raise UndefinedScoreError("no feature map runs through a ReLU")
    return record


PATTERNS = PatternPass()

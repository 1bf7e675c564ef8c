"""The pass of blocks: one forward of noise through Kaiming weights, and a backward from block to block.

The feature map of a block is a 4-d output of more than one position; pooled features and logits are none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import isnan

import torch
from torch import Tensor, nn

from zcrepro.networks.blocks import blocks
from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import logits
from zcrepro.networks.gradients import gradients
from zcrepro.networks.hooks import hooked
from zcrepro.networks.layers import tokens_refused
from zcrepro.networks.preserve import substituted
from zcrepro.networks.redrawn import kaiming_weights, noise_like
from zcrepro.networks.training import training
from zcrepro.proxies.base import Batch, Need, Record

STABILITY = 1e-8


@dataclass
class Blocks(Record):
    """The entropy of each block, and the gain of a gradient between blocks.

    ``entropies`` holds the entropy of the features of each block in order, NaN if the features are constant.
    ``gains`` holds, for each pair of consecutive blocks, the spectral norm of what a random gradient of the
    later block becomes at the earlier one. It is empty unless it was asked for.
    """

    entropies: list[float]
    gains: list[float] = field(default_factory=list)
    obstacles: dict[Need, str] = field(default_factory=dict)


class BlockPass:
    name = "blocks"
    records = frozenset({"gains"})
    cost = "3.3"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Blocks:
        with training(model, seed), substituted(model, kaiming_weights(model)), tokens_refused(model):
            features = _features(model, noise_like(batch.images).requires_grad_())
            record = Blocks([_entropy(feature.detach()) for feature in features])
            if "gains" in needs:
                try:
                    record.gains = _gains(features)
                except UndefinedScoreError as reason:
                    record.obstacles["gains"] = str(reason)
        return record


def _features(model: nn.Module, images: Tensor) -> list[Tensor]:
    """Return the feature maps of the blocks, in the order of the calls.

    The network goes on with copies, so that it cannot overwrite them.
    """
    features: list[Tensor] = []

    def add(module: nn.Module, inputs: tuple[object, ...], output: object) -> Tensor | None:
        # Dropout that drops nothing is no block; an identity that an architecture chose is one.
        if any(output is tensor for tensor in inputs) and not isinstance(module, nn.Identity):
            return None
        if not (isinstance(output, Tensor) and output.dim() == 4 and output[0, 0].numel() > 1):
            return None
        features.append(output)
        return output.clone()

    with hooked(block.register_forward_hook(add) for block in blocks(model)):
        logits(model, images)
    return features


def _entropy(features: Tensor) -> float:
    """Of the shares of the principal components of (n, channels, height, width), in float64."""
    by_channel = features.double().transpose(0, 1).flatten(1)
    centred = by_channel - by_channel.mean(1, keepdim=True)
    eigenvalues = torch.linalg.eigvalsh(centred @ centred.T)
    shares = eigenvalues / eigenvalues.sum()
    return -float((shares * (shares + STABILITY).log()).sum())


def _gains(features: list[Tensor]) -> list[float]:
    """Return the gains from the last block to the first, the order in which the released code draws."""
    return [_gain(before, after) for before, after in reversed(list(pairwise(features)))]


def _gain(before: Tensor, after: Tensor) -> float:
    """The spectral norm of the mean over positions of the outer product of a random gradient of signs and
    what it becomes one block earlier, where several positions may belong to one."""
    signs = torch.empty(after.shape, dtype=after.dtype, device=after.device).bernoulli_(0.5) * 2 - 1
    (gradient,) = gradients(after, [before], grad_outputs=signs, retain_graph=True)
    if not gradient.any():
        raise UndefinedScoreError("a block passes no gradient on to the block before it")
    if gradient.shape == signs.shape and torch.equal(gradient, signs):
        raise UndefinedScoreError("a block passes its input on unchanged")
    height, width = after.shape[2:]
    here, there = _by_position(signs, height, width), _by_position(gradient, height, width)
    return float(torch.linalg.matrix_norm(there.T @ here / len(here), 2))


def _by_position(features: Tensor, height: int, width: int) -> Tensor:
    """(n, channels, y * height, x * width) as (n * height * width, channels * y * x), in float64."""
    n, channels, *sides = features.shape
    if sides[0] % height or sides[1] % width:
        raise UndefinedScoreError("a block changes the resolution by no whole factor")
    parts = features.double().reshape(n, channels, height, sides[0] // height, width, sides[1] // width)
    return parts.permute(0, 2, 4, 1, 3, 5).reshape(n * height * width, -1)


def required_entropies(record: Blocks, least: int) -> list[float]:
    """The entropies of at least so many blocks, or the reason why they are not known."""
    _require(record, least)
    if any(isnan(entropy) for entropy in record.entropies):
        raise UndefinedScoreError("the features of a block are constant")
    return record.entropies


def required_gains(record: Blocks) -> list[float]:
    """The gains from block to block, or the reason why they are not known."""
    _require(record, 2)
    return record.gains


def _require(record: Blocks, least: int) -> None:
    if len(record.entropies) < least:
        raise UndefinedScoreError(
            f"the blocks put out {len(record.entropies)} feature maps, and {least} are needed"
        )


BLOCKS = BlockPass()

"""The pass of blocks: features of each block, and gradients from block to block.

Noise runs through Kaiming weights (Lee and Ham, AZ-NAS, CVPR 2024). One forward gives the feature map of
every block, and one backward per pair of consecutive blocks starts at the later feature map and ends at the
earlier, so no gradient of a weight is computed. A feature map is a 4-d output with more than one position;
pooled features and logits are not.
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

    ``entropies`` holds one entropy per block, in nats and in the order of the calls, or NaN if the features
    are constant. ``gains`` holds one spectral norm per pair of consecutive blocks, from the last pair to
    the first. It is empty unless it was asked for.
    """

    entropies: list[float]
    gains: list[float] = field(default_factory=list)
    obstacles: dict[Need, str] = field(default_factory=dict)


class BlockPass:
    name = "blocks"
    records = frozenset({"gains"})
    cost = "3.3"
    reads_tokens = False

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Blocks:
        generator = torch.Generator().manual_seed(seed)
        with (
            training(model, seed),
            substituted(model, kaiming_weights(model, generator)),
            tokens_refused(model),
        ):
            features = _features(model, noise_like(batch.images, generator).requires_grad_())
            record = Blocks([_entropy(feature.detach()) for feature in features])
            if "gains" in needs:
                try:
                    record.gains = _gains(features, generator)
                except UndefinedScoreError as reason:
                    record.obstacles["gains"] = str(reason)
        return record


def _features(model: nn.Module, images: Tensor) -> list[Tensor]:
    """Return the feature maps of the blocks, in the order of the calls.

    The network continues with a copy of each, because it might overwrite them in place.
    """
    features: list[Tensor] = []

    def add(module: nn.Module, inputs: tuple[object, ...], output: object) -> Tensor | None:
        # A module that returns its input, such as dropout that drops nothing, is not a block of the network.
        # An nn.Identity is one, because an architecture has chosen it as an operation.
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
    """Return the entropy of the shares of variance of the principal components, in float64.

    ``features`` is (n, channels, height, width). Images and positions are the observations of the channels.
    """
    by_channel = features.double().transpose(0, 1).flatten(1)
    centred = by_channel - by_channel.mean(1, keepdim=True)
    eigenvalues = torch.linalg.eigvalsh(_finite(centred @ centred.T, "the features of a block"))
    shares = eigenvalues / eigenvalues.sum()
    return -float((shares * (shares + STABILITY).log()).sum())


def _gains(features: list[Tensor], generator: torch.Generator) -> list[float]:
    """Return one gain per pair of blocks, in the order in which the released code draws: the last first."""
    return [_gain(before, after, generator) for before, after in reversed(list(pairwise(features)))]


def _gain(before: Tensor, after: Tensor, generator: torch.Generator) -> float:
    """Return the gain of a random gradient on its way back through one block.

    The gradient g at the output has random signs, so E[g g^T] is the identity and E[(J^T g) g^T] is J^T. The
    mean over images and positions of the outer product of J^T g and g therefore estimates the Jacobian of the
    block, without computing it. Its spectral norm is the gain.
    """
    empty = torch.empty(after.shape, dtype=after.dtype, device="cpu")
    signs = empty.bernoulli_(0.5, generator=generator).to(after.device) * 2 - 1
    (gradient,) = gradients(after, [before], grad_outputs=signs, retain_graph=True)
    if not gradient.any():
        raise UndefinedScoreError("a block passes no gradient on to the block before it")
    if gradient.shape == signs.shape and torch.equal(gradient, signs):
        raise UndefinedScoreError("a block passes its input on unchanged")
    height, width = after.shape[2:]
    here, there = _by_position(signs, height, width), _by_position(gradient, height, width)
    product = _finite(there.T @ here / len(here), "the gradients through a block")
    return float(torch.linalg.matrix_norm(product, 2))


def _finite(matrix: Tensor, what: str) -> Tensor:
    """Return ``matrix``. Raises UndefinedScoreError if it is not finite: it has no eigenvalues then."""
    if not matrix.isfinite().all():
        raise UndefinedScoreError(f"{what} are not finite")
    return matrix


def _by_position(features: Tensor, height: int, width: int) -> Tensor:
    """Reshape (n, channels, y * height, x * width) to (n * height * width, channels * y * x), in float64.

    If a block reduces the resolution, the y * x input positions that belong to one output position become
    channels of it, so that input and output have the same rows.
    """
    n, channels, *sides = features.shape
    if sides[0] % height or sides[1] % width:
        raise UndefinedScoreError("a block changes the resolution by no whole factor")
    parts = features.double().reshape(n, channels, height, sides[0] // height, width, sides[1] // width)
    return parts.permute(0, 2, 4, 1, 3, 5).reshape(n * height * width, -1)


def required_entropies(record: Blocks, least: int) -> list[float]:
    """Return the entropies of all blocks.

    Raises UndefinedScoreError if there are fewer than ``least``, or if one is undefined.
    """
    _require(record, least)
    if any(isnan(entropy) for entropy in record.entropies):
        raise UndefinedScoreError("the features of a block are constant")
    return record.entropies


def required_gains(record: Blocks) -> list[float]:
    """Return the gains of all pairs of consecutive blocks.

    Raises UndefinedScoreError if there are fewer than two blocks.
    """
    _require(record, 2)
    return record.gains


def _require(record: Blocks, least: int) -> None:
    if len(record.entropies) < least:
        raise UndefinedScoreError(
            f"the blocks put out {len(record.entropies)} feature maps, and {least} are needed"
        )


BLOCKS = BlockPass()

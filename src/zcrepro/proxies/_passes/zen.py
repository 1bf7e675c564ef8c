"""The Zen pass: two forwards with standard normal weights, of noise and of slightly perturbed noise.

The features that Zen-score compares are the input of the last global pooling (Lin et al., Zen-NAS, ICCV
2021). That this is the only way to the logits is checked by a derivative: with the input of that pooling
detached, the logits must have no graph to the images. Otherwise the pooling is inside the network, as in
squeeze-and-excitation, and its input is not the last feature map.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import logits
from zcrepro.networks.pooled import poolings_seen
from zcrepro.networks.preserve import substituted
from zcrepro.networks.redrawn import noise_like, normal_weights
from zcrepro.networks.scalars import on_host
from zcrepro.networks.training import training
from zcrepro.proxies.base import Batch, Need, Record

MIXUP = 0.01  # the size of the perturbation, gamma in the paper
FEW = 2
"""Number of images that suffice to trace the graph: BatchNorm needs more than one."""


@dataclass(frozen=True)
class ZenRecord(Record):
    """What Zen-score is computed from.

    ``difference`` is the mean over images of the L1 distance between the features of noise and of perturbed
    noise, before the last pooling. ``variances`` has the mean running variance of each BatchNorm that ran.
    """

    difference: float
    variances: list[float]


class ZenPass:
    name = "zen"
    records: frozenset[Need] = frozenset()
    cost = "1.5"
    reads_tokens = False

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> ZenRecord:
        del needs  # the record is the same for every proxy
        with training(model, seed):
            return _run(model, batch.images, torch.Generator().manual_seed(seed))


def _run(model: nn.Module, like: Tensor, generator: torch.Generator) -> ZenRecord:
    _require_running_variances(model)
    tensors = normal_weights(model, generator)
    noise = noise_like(like, generator)
    mixed = noise + MIXUP * noise_like(like, generator)
    with substituted(model, tensors), torch.no_grad():
        (before, _), (after, poolings) = (_last_pooled(model, images) for images in (noise, mixed))
        variances = _mean_variances(model)
    with substituted(model, tensors):
        _require_only_way(model, noise[:FEW], poolings)
    return ZenRecord(float((before - after).abs().flatten(1).sum(1).mean()), variances)


def _norms(model: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def _require_running_variances(model: nn.Module) -> None:
    if any(norm.running_var is None for norm in _norms(model)):
        raise UndefinedScoreError("a BatchNorm keeps no running variance, so its scale is not known")


def _mean_variances(model: nn.Module) -> list[float]:
    """Return the mean running variance of each BatchNorm that ran."""
    tracked = [(norm.running_var, norm.num_batches_tracked) for norm in _norms(model)]
    means = on_host(variance.mean() for variance, _ in tracked if variance is not None)
    runs = on_host(count for _, count in tracked if count is not None)
    return [mean for mean, count in zip(means, runs, strict=True) if count > 0]


def _last_pooled(model: nn.Module, images: Tensor) -> tuple[Tensor, int]:
    """Return the input of the last global pooling in a forward pass, and the number of global poolings."""
    pooled: list[Tensor] = []

    def keep(features: Tensor) -> Tensor:
        pooled.append(features.clone())  # the network may overwrite the features later
        return features

    with poolings_seen(keep):
        logits(model, images)
    if not pooled:
        raise UndefinedScoreError("the network has no global pooling whose input could be compared")
    return pooled[-1], len(pooled)


def _require_only_way(model: nn.Module, images: Tensor, poolings: int) -> None:
    """Raise UndefinedScoreError if images reach the logits by a way around the last pooling.

    The graph is cut at the input of that pooling, so logits with a graph have come another way.
    """
    calls = 0

    def cut_last(features: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return features.detach() if calls == poolings else features

    with poolings_seen(cut_last):
        outputs = logits(model, images.clone().requires_grad_())
    if outputs.requires_grad:
        raise UndefinedScoreError(
            "the last pooling is inside the network, so its last features are not known"
        )


def required_difference(record: ZenRecord) -> float:
    """Return the distance of the features. Raises UndefinedScoreError if it is zero."""
    if record.difference == 0.0:
        raise UndefinedScoreError("the features do not depend on the input")
    return record.difference


ZEN = ZenPass()

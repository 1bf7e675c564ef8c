"""The Zen pass: two forwards with standard normal weights, of noise and of slightly mixed noise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zcrepro.networks.layers import WEIGHTED
from zcrepro.networks.preserve import own_tensors, substituted
from zcrepro.networks.scalars import on_host
from zcrepro.networks.training import training
from zcrepro.networks.undefined import UndefinedScoreError
from zcrepro.proxies._base import Batch, Need

MIXUP = 0.01  # gamma of the paper
NEW_BATCHNORM = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1, "num_batches_tracked": 0}


@dataclass(frozen=True)
class ZenRecord:
    """``difference``: mean L1 distance of the features before the last pooling (None where there is
    none); ``variances``: the mean running variance of each BatchNorm that ran."""

    difference: float | None
    variances: list[float]


class ZenPass:
    name = "zen"
    cost = "1.5"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> ZenRecord:
        del needs  # there is one thing to record
        with training(model, seed), torch.no_grad():
            return _run(model, batch.images, seed)


def _run(model: nn.Module, like: Tensor, seed: int) -> ZenRecord:
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    if any(norm.running_var is None for norm in norms):
        raise UndefinedScoreError("a BatchNorm keeps no running variance, so its scale is not known")
    tensors = _random_weights(model)
    noise = torch.randn_like(like)
    mixed = noise + MIXUP * torch.randn_like(like)
    features = []
    for images in (noise, mixed):
        torch.manual_seed(seed)  # dropout, where there is any, drops the same units twice
        features.append(_last_pooled(model, tensors, images))
    runs = on_host(tensors[id(norm.num_batches_tracked)] for norm in norms)
    means = on_host(tensors[id(norm.running_var)].mean() for norm in norms)
    variances = [mean for mean, count in zip(means, runs, strict=True) if count > 0]
    before, after = features
    if before is None or after is None:
        return ZenRecord(None, variances)
    return ZenRecord(float((before - after).abs().flatten(1).sum(1).mean()), variances)


def _last_pooled(model: nn.Module, tensors: dict[int, Tensor], images: Tensor) -> Tensor | None:
    """What the last global pooling of a forward pass gets; others, as in attention blocks, come before."""
    pooled: list[Tensor] = []

    def keep_input(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        del module
        pooled[:] = inputs[:1]

    pools = [module for module in model.modules() if isinstance(module, nn.AdaptiveAvgPool2d)]
    handles = [pool.register_forward_pre_hook(keep_input) for pool in pools]
    try:
        with substituted(model, tensors):
            model(images)
    finally:
        for handle in handles:
            handle.remove()
    return pooled[0] if pooled else None


def _random_weights(model: nn.Module) -> dict[int, Tensor]:
    """By the id of what they replace: N(0, 1) for the weights of convolutions and linear layers, zero
    for their biases, and BatchNorm as it is when new; copies of all other parameters and buffers."""
    tensors = {id(tensor): tensor.detach().clone() for tensor in own_tensors(model)}
    for module in model.modules():
        if isinstance(module, WEIGHTED):
            if id(module.weight) not in tensors:
                raise UndefinedScoreError("a weight is computed from others, so it cannot be drawn anew")
            tensors[id(module.weight)].normal_()
            if module.bias is not None:
                tensors[id(module.bias)].zero_()
        elif isinstance(module, nn.BatchNorm2d):
            for name, value in NEW_BATCHNORM.items():
                if (tensor := getattr(module, name)) is not None:
                    tensors[id(tensor)].fill_(value)
    return tensors


def required_difference(record: ZenRecord) -> float:
    """The distance of the features, or the reason why there is none."""
    if record.difference is None:
        raise UndefinedScoreError("the network has no AdaptiveAvgPool2d whose input could be compared")
    if record.difference == 0.0:
        raise UndefinedScoreError("the features do not depend on the input")
    return record.difference


ZEN = ZenPass()

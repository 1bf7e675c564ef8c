"""The Zen pass: two forwards with standard normal weights, of noise and of slightly mixed noise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from zcrepro.proxies._base import Batch, Need, UndefinedScoreError
from zcrepro.proxies._preserve import preserved

MIXUP = 0.01  # gamma of the paper


@dataclass(frozen=True)
class ZenRecord:
    """``difference``: mean L1 distance of the features before global pooling (None where no
    pooling was found); ``variances``: the mean running variance of each BatchNorm that ran."""

    difference: float | None
    variances: list[float]


class ZenPass:
    name = "zen"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> ZenRecord:
        del needs  # there is one thing to record
        with preserved(model, seed), torch.no_grad():
            return _run(model, batch.images)


def _run(model: nn.Module, like: Tensor) -> ZenRecord:
    features: list[Tensor] = []

    def keep_input(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        del module
        features.append(inputs[0])

    pools = [module for module in model.modules() if isinstance(module, nn.AdaptiveAvgPool2d)]
    handles = [pool.register_forward_pre_hook(keep_input) for pool in pools[-1:]]
    tensors = _random_weights(model)
    noise = torch.randn_like(like)
    mixed = noise + MIXUP * torch.randn_like(like)
    try:
        functional_call(model, tensors, (noise,))
        functional_call(model, tensors, (mixed,))
    finally:
        for handle in handles:
            handle.remove()
    norms = {name for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)}
    variances = [
        float(tensors[f"{name}.running_var"].mean())
        for name in sorted(norms)
        if f"{name}.running_var" in tensors and int(tensors[f"{name}.num_batches_tracked"]) > 0
    ]
    difference = float((features[0] - features[1]).abs().sum(dim=(1, 2, 3)).mean()) if features else None
    return ZenRecord(difference, variances)


def _random_weights(model: nn.Module) -> dict[str, Tensor]:
    """N(0, 1) for the weights of convolutions and linear layers, zero for their biases, and
    BatchNorm as it is when new; other parameters as they are."""
    tensors = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    for prefix, module in model.named_modules():
        own = {
            name.rpartition(".")[2]: tensors[name] for name in tensors if name.rpartition(".")[0] == prefix
        }
        if isinstance(module, nn.Conv2d | nn.Linear):
            own["weight"].normal_()
            if "bias" in own:
                own["bias"].zero_()
        elif isinstance(module, nn.BatchNorm2d):
            for name, value in {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}.items():
                if name in own:
                    own[name].fill_(value)
            if "num_batches_tracked" in own:
                own["num_batches_tracked"].zero_()
    return tensors


def required_difference(record: ZenRecord) -> float:
    """The distance of the features, or the reason why there is none."""
    if record.difference is None:
        raise UndefinedScoreError("the network has no AdaptiveAvgPool2d whose input could be compared")
    if record.difference == 0.0:
        raise UndefinedScoreError("the features do not depend on the input")
    return record.difference


ZEN = ZenPass()

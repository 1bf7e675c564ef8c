"""The weighted layers of a network: convolutions and linear layers.

Both peer implementations, NASLib and zero-cost-nas, sum over nn.Conv2d and nn.Linear only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.hooks import hooked

Layer = nn.Conv2d | nn.Linear
WEIGHTED = (nn.Conv2d, nn.Linear)


def weighted_layers(model: nn.Module) -> list[Layer]:
    """Return every Conv2d and Linear in module order, and only the first of those that share a weight."""
    found: dict[int, Layer] = {}
    for module in model.modules():
        if isinstance(module, WEIGHTED):
            found.setdefault(id(module.weight if owns_weight(module) else module), module)
    return list(found.values())


def required_layers(model: nn.Module) -> list[Layer]:
    """Return ``weighted_layers``, of which there is at least one.

    Raises
    ------
    UndefinedScoreError
        If there is none, or if the network has convolutions of another kind. No published definition says
        how to count these, and a sum without them would describe another network.
    """
    for module in model.modules():
        if isinstance(module, _ConvNd) and not isinstance(module, nn.Conv2d):
            raise UndefinedScoreError(
                f"the network has an nn.{type(module).__name__}, and only nn.Conv2d and nn.Linear count"
            )
    layers = weighted_layers(model)
    if not layers:
        raise UndefinedScoreError("the network has no nn.Conv2d and no nn.Linear")
    return layers


def owns_weight(layer: Layer) -> bool:
    """Return whether the weight is a parameter or buffer of the layer itself.

    Otherwise it is computed from other tensors, either by a parametrization whenever it is read, or by a hook
    before each call.
    """
    return layer._parameters.get("weight") is not None or layer._buffers.get("weight") is not None


class UsedWeights:
    """The weights of layers as forward passes use them.

    A hook that computes a weight assigns a new tensor before each call, so the tensor to differentiate with
    respect to is known only after the layer has run.

    ``tensors`` holds, for each of ``layers``, the tensors that the last forward inside ``watched`` used.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers
        self.tensors: list[list[Tensor]] = [[layer.weight] if owns_weight(layer) else [] for layer in layers]
        self._computed = [
            (layer, used) for layer, used in zip(layers, self.tensors, strict=True) if not owns_weight(layer)
        ]
        self._first: dict[Layer, Tensor] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Record the computed weights of the forward pass inside.

        Raises UndefinedScoreError if the value of a weight differs from that in an earlier call, of this
        forward pass or of one before.
        """
        for _, used in self._computed:
            used.clear()
        with hooked(layer.register_forward_hook(_weight_into(used)) for layer, used in self._computed):
            yield
        for layer, used in self._computed:
            if not used:  # the layer was not called, but a function may have used its weight
                used.append(layer.weight)
            first = self._first.setdefault(layer, used[0].detach())
            if not all(torch.equal(first, again) for again in used):
                raise UndefinedScoreError("the weight of a layer changes from call to call")

    def weights(self) -> list[Tensor]:
        """Return the weight of each layer, detached."""
        return [used[0].detach() for used in self.tensors]

    def flat(self) -> list[Tensor]:
        """Return all tensors in one list, to differentiate with respect to them."""
        return [tensor for used in self.tensors for tensor in used]

    def by_layer(self, derivatives: Sequence[Tensor]) -> list[Tensor]:
        """Return one derivative per layer, the sum over its tensors, from the derivatives of ``flat``."""
        rest = iter(derivatives)
        return [_total([next(rest) for _ in used]) for used in self.tensors]


def _total(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)


def _weight_into(used: list[Tensor]) -> Callable[[Layer, object, object], None]:
    def hook(layer: Layer, inputs: object, output: object) -> None:
        del inputs, output
        if not any(layer.weight is tensor for tensor in used):
            used.append(layer.weight)

    return hook


@contextmanager
def tokens_refused(model: nn.Module) -> Iterator[None]:
    """Raise UndefinedScoreError if a linear layer or attention runs over tokens or positions inside.

    Features then have their channels on the last axis behind linear layers and on the second axis elsewhere,
    and a tensor does not tell which.
    """

    def refuse(module: nn.Module, inputs: object, output: object) -> None:
        del module, inputs
        if isinstance(output, Tensor) and output.dim() > 2:
            raise UndefinedScoreError(
                "a linear layer runs over tokens, so the axis of the channels of the features is not known"
            )

    if any(isinstance(module, nn.MultiheadAttention) for module in model.modules()):
        raise UndefinedScoreError(
            "attention runs over tokens, so the axis of the channels of the features is not known"
        )
    with hooked(m.register_forward_hook(refuse) for m in model.modules() if isinstance(m, nn.Linear)):
        yield

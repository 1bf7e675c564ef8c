"""The layers whose weights count: convolutions and linear layers, as in both peer implementations."""

from torch import Tensor, nn

WEIGHTED = (nn.Conv2d, nn.Linear)


def weighted_layers(model: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """Every Conv2d and Linear, in module order, tied weights once: no BatchNorm, no biases."""
    found: dict[int, nn.Conv2d | nn.Linear] = {}
    for module in model.modules():
        if isinstance(module, WEIGHTED):
            found.setdefault(id(module.weight), module)
    return list(found.values())


def weights(model: nn.Module) -> list[Tensor]:
    """The weight tensors of ``weighted_layers``."""
    return [layer.weight for layer in weighted_layers(model)]

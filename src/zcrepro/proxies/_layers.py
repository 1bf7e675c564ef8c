"""The layers whose weights count: convolutions and linear layers, as in both peer implementations."""

from torch import Tensor, nn


def weighted_layers(model: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """Every Conv2d and Linear, in module order: no BatchNorm, and their biases never count."""
    return [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


def weights(model: nn.Module) -> list[Tensor]:
    """The weight tensors of ``weighted_layers``."""
    return [layer.weight for layer in weighted_layers(model)]

"""Draw new weights for a network, for proxies that are defined on weights of their own.

All numbers are drawn on the CPU, into contiguous tensors, and then moved. A generator of a GPU would draw
others from the same seed, so scores would depend on the device.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.layers import WEIGHTED, owns_weight
from zcrepro.networks.preserve import own_tensors

DISTRIBUTIONS: dict[str, Callable[..., Tensor]] = {
    "kaiming": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "xavier": nn.init.xavier_normal_,
}
"""N(0, 2 / fan-in) (He et al., ICCV 2015), N(0, 2 / (fan-in + fan-out)) (Glorot and Bengio, AISTATS 2010)."""

NORMS = (_BatchNorm, nn.GroupNorm)
NEW_NORM = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1, "num_batches_tracked": 0}


def kaiming_weights(model: nn.Module, generator: torch.Generator) -> dict[int, Tensor]:
    """Draw N(0, 2 / fan-in) for the weights of convolutions and linear layers (He et al., ICCV 2015).

    Biases of these layers are zero, and BatchNorm and GroupNorm have their initial state. Returns every
    parameter and buffer by the id of the tensor that it replaces, for ``substituted``. ``generator`` is on
    the CPU, whatever the device of the weights.
    """
    return _redrawn(model, partial(DISTRIBUTIONS["kaiming"], generator=generator), NORMS)


def normal_weights(model: nn.Module, generator: torch.Generator) -> dict[int, Tensor]:
    """Draw N(0, 1) for the weights of convolutions and linear layers (Lin et al., Zen-NAS, ICCV 2021).

    Biases of these layers are zero, and BatchNorm2d has its initial state. Returns every parameter and buffer
    by the id of the tensor that it replaces, for ``substituted``. ``generator`` is on the CPU, whatever the
    device of the weights.
    """

    def draw(weight: Tensor) -> None:
        weight.normal_(generator=generator)

    return _redrawn(model, draw, (nn.BatchNorm2d,))


def initialise(model: nn.Module, name: str, generator: torch.Generator) -> None:
    """Draw new weights in place, from the distribution ``name`` of DISTRIBUTIONS.

    Biases are zero, and BatchNorm and GroupNorm have their initial state. ``generator`` is on the CPU.
    """
    drawn = _redrawn(model, partial(DISTRIBUTIONS[name], generator=generator), NORMS)
    with torch.no_grad():
        for tensor in own_tensors(model):
            tensor.copy_(drawn[id(tensor)])


def noise_like(images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw standard normal noise of the shape and dtype of ``images``, and move it to their device."""
    noise = torch.randn(images.shape, dtype=images.dtype, device="cpu", generator=generator)
    return noise.to(images.device)


def _redrawn(
    model: nn.Module, draw: Callable[[Tensor], object], norms: tuple[type[nn.Module], ...]
) -> dict[int, Tensor]:
    """Return every parameter and buffer by the id of the tensor that it replaces.

    ``draw`` fills a tensor on the CPU, of the shape of one weight; it is called in module order. Modules of
    the classes ``norms`` have their initial state. All other tensors are copies.
    """
    tensors = {
        id(tensor): tensor.detach().clone(memory_format=torch.contiguous_format)
        for tensor in own_tensors(model)
    }
    for module in model.modules():
        if isinstance(module, WEIGHTED):
            if not owns_weight(module):
                raise UndefinedScoreError("a weight is computed from others, so it cannot be drawn anew")
            drawn = torch.empty(module.weight.shape, dtype=module.weight.dtype, device="cpu")
            draw(drawn)
            tensors[id(module.weight)].copy_(drawn)
            if module.bias is not None:
                tensors[id(module.bias)].zero_()
        elif isinstance(module, norms):
            for name, value in NEW_NORM.items():
                if (tensor := getattr(module, name, None)) is not None:
                    tensors[id(tensor)].fill_(value)
    return tensors

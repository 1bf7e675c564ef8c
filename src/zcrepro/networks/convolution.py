"""Differentiate convolutions twice without the second gradient of their weights.

GraSP needs, for each weight W, one number of the Hessian-gradient product H g: the scalar <W, H g>. torch
forms H g, for which it runs two convolutions a layer. The scalar follows from tensors that the other four
make.

For y = x * W, the first backward is G_x = y' * W and G_W = x * y' for the gradient y'. Their gradient, for
the cotangents u of G_x and v of G_W, is

    with respect to y':  u * W + x * v
    with respect to x:   y' * v
    with respect to W:   u * y', whose scalar product with W is <u * W, y'>.

The backward of y itself, for a cotangent c, is c * W with respect to x, and x * c with respect to W, whose
scalar product with W is <x, c * W>. Here * is the convolution, or its transpose, that the shapes call for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from zcrepro.networks.layers import owns_weight

COVERED = (torch.float32, torch.float64)


@dataclass(frozen=True)
class Geometry:
    """How a convolution moves over its input."""

    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int


class ScaledConvolutions:
    """The plain convolutions of a network, differentiated so that each weight W gives the scalar <W, H g>.

    Attributes
    ----------
    forwards
        A ``forward`` for each of them, meant for ``rerouted``.
    scales
        A zero for each weight, by its ``id``. The second derivative with respect to it is <W, H g>. The first
        is left out, and so is the second one with respect to the weight and bias of a convolution.
    """

    def __init__(self, model: nn.Module) -> None:
        self.forwards: dict[nn.Module, Callable[[Tensor], Tensor]] = {}
        self.scales: dict[int, Tensor] = {}
        for module in model.modules():
            if _is_plain(module):
                scale = self.scales.setdefault(id(module.weight), torch.zeros_like(module.weight[0, 0, 0, 0]))
                self.forwards[module] = _scaled(module, scale.requires_grad_())


def _is_plain(module: nn.Module) -> TypeGuard[nn.Conv2d]:
    return (
        type(module) is nn.Conv2d
        and "forward" not in vars(module)
        and owns_weight(module)
        and module.padding_mode == "zeros"
        and not isinstance(module.padding, str)
    )


def _scaled(layer: nn.Conv2d, scale: Tensor) -> Callable[[Tensor], Tensor]:
    stock = layer.forward
    geometry = Geometry(layer.stride, layer.padding, layer.dilation, layer.groups)

    def forward(input: Tensor) -> Tensor:
        if not _covered(input, layer.weight):
            return stock(input)
        bias = None if layer.bias is None else layer.bias.detach()
        return convolve(input, layer.weight, bias, scale, geometry)

    return forward


def _covered(x: Tensor, weight: Tensor) -> bool:
    """Return whether ``convolve`` supports ``x``; other input is left to torch, which reports its errors."""
    cast = torch.is_autocast_enabled(x.device.type)
    return x.dim() == 4 and x.dtype == weight.dtype and x.dtype in COVERED and not cast


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, scale: Tensor, geometry: Geometry) -> Tensor:
    """Convolve ``x``, (n, channels, height, width), as torch's conv2d does. ``scale`` has no effect on it."""
    return _Forward.apply(x, weight, bias, scale, geometry)


class _Forward(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, scale: Tensor, geometry: Geometry
    ) -> Tensor:
        ctx.save_for_backward(x, weight, scale)
        ctx.geometry = geometry
        return _product(x, weight, bias, geometry)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, scale = ctx.saved_tensors
        if torch.is_grad_enabled():  # the first of two derivatives
            of_x, of_weight = _Backward.apply(g, x, weight, scale, ctx.geometry)
            return of_x, of_weight, None, None, None
        of_x, _ = _gradients(g, x, weight, ctx.geometry, (True, False))
        return of_x, None, None, _dot(x, of_x), None


class _Backward(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, g: Tensor, x: Tensor, weight: Tensor, scale: Tensor, geometry: Geometry
    ) -> tuple[Tensor | None, Tensor]:
        del scale
        ctx.save_for_backward(g, x, weight)
        ctx.geometry = geometry
        ctx.set_materialize_grads(False)
        return _gradients(g, x, weight, geometry, (ctx.needs_input_grad[1], True))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, u: Tensor | None, v: Tensor | None) -> tuple[Tensor | None, ...]:
        g, x, weight = ctx.saved_tensors
        to_g = to_x = along = None
        if u is not None:
            to_g = _product(u, weight, None, ctx.geometry)
            along = _dot(to_g, g)
        if v is not None:
            of_weight = _product(x, v, None, ctx.geometry)
            to_g = of_weight if to_g is None else to_g + of_weight
            if ctx.needs_input_grad[1]:
                to_x, _ = _gradients(g, x, v, ctx.geometry, (True, False))
        return to_g, to_x, None, along, None


def _product(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry) -> Tensor:
    return torch.conv2d(
        x, weight, bias, geometry.stride, geometry.padding, geometry.dilation, geometry.groups
    )


def _gradients(
    g: Tensor, x: Tensor, weight: Tensor, geometry: Geometry, wanted: tuple[bool, bool]
) -> tuple[Any, Any]:
    """Return the gradients with respect to ``x`` and ``weight``, None where one is not wanted."""
    of_x, of_weight, _ = torch.ops.aten.convolution_backward(
        g,
        x,
        weight,
        None,
        geometry.stride,
        geometry.padding,
        geometry.dilation,
        False,
        [0, 0],
        geometry.groups,
        [*wanted, False],
    )
    return of_x, of_weight


def _dot(one: Tensor, other: Tensor) -> Tensor:
    return (one * other).sum()

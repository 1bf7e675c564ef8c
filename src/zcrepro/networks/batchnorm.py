"""BatchNorm with a second derivative in closed form: half of the time that torch's own takes on a CPU.

For each channel let s = (var + eps)^(-1/2), z = s (x - mean) and P(v) = v - mean(v) - z mean(v z).
Given the gradient g of y = w z + b, the first backward is

    G_x = w s P(g),   G_w = sum(g z),   G_b = sum(g),

and that of <u, G_x> + <v, G_w> + <t, G_b>, with S = w s P(u), is

    to g:  S + v z + t
    to w:  sum(u s P(g))
    to x:  v s P(g) - s (mean(u G_x) z + mean(u z) G_x + mean(g z) S).

P is symmetric, so torch's first backward, which computes w s P(v) and sum(v z) of any v, is all that
is needed besides. torch's own second derivative is written out in elementary operations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

Forward = Callable[[Tensor], Tensor]
ALL = (True, True, True)


def norms_in_closed_form(model: nn.Module) -> dict[nn.Module, Forward]:
    """A ``forward`` for each plain BatchNorm2d of ``model``, for ``rerouted``.

    It is for derivatives to the input alone, and updates no running statistics.
    """
    norms = [m for m in model.modules() if type(m) is nn.BatchNorm2d and "forward" not in vars(m)]
    return {norm: _in_closed_form(norm) for norm in norms}


def _in_closed_form(norm: nn.BatchNorm2d) -> Forward:
    stock = norm.forward

    def forward(input: Tensor) -> Tensor:
        if not (norm.training and _covered(input)):
            return stock(input)
        weight, bias = (None if p is None else p.detach() for p in (norm.weight, norm.bias))
        return batch_norm(input, weight, bias, norm.eps)

    return forward


def _covered(x: Tensor) -> bool:
    """Whether it was proved for such inputs; torch itself says what is wrong with one value a channel."""
    on_cpu = x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)
    return on_cpu and x.dim() == 4 and x.numel() > x.shape[1]


def batch_norm(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """torch's BatchNorm in training mode: ``x`` is (n, channels, height, width), the others (channels,)."""
    return _Forward.apply(x, weight, bias, eps)


class _Forward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
        y, mean, scale = torch.native_batch_norm(x, weight, bias, None, None, True, 0.0, eps)
        ctx.save_for_backward(x, weight, mean, scale)
        ctx.eps = eps
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        of_x, of_weight, of_bias = _Backward.apply(g, *ctx.saved_tensors, ctx.eps)
        affine = ctx.saved_tensors[1] is not None
        return of_x, of_weight if affine else None, of_bias if affine else None, None


class _Backward(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, g: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, scale: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        of_x, of_weight, of_bias = _stock_backward(g, x, weight, mean, scale, eps)
        for_weight = g if ctx.needs_input_grad[2] else None  # nothing else needs it, and it is large
        ctx.save_for_backward(for_weight, x, weight, mean, scale, of_x, of_weight)
        ctx.eps = eps
        ctx.set_materialize_grads(False)
        return of_x, of_weight, of_bias

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, u: Tensor | None, v: Tensor | None, t: Tensor | None) -> tuple[Tensor | None, ...]:
        g, x, weight, mean, scale, of_x, of_weight = ctx.saved_tensors
        u = torch.zeros_like(x) if u is None else u
        to_g, sum_uz, _ = _stock_backward(u, x, weight, mean, scale, ctx.eps)
        count = x.numel() // x.shape[1]
        centred = x - _by_channel(mean)
        mean_u_of_x = (u * of_x).sum((0, 2, 3)) / count
        to_x = centred * _by_channel(-scale * scale * mean_u_of_x)
        to_x.addcmul_(of_x, _by_channel(-scale * sum_uz / count))
        to_x.addcmul_(to_g, _by_channel(-scale * of_weight / count))
        to_weight = None
        if g is not None:
            unscaled, _, _ = _stock_backward(g, x, None, mean, scale, ctx.eps)  # s P(g)
            to_weight = (u * unscaled).sum((0, 2, 3))
            if v is not None:
                to_x.addcmul_(unscaled, _by_channel(v))
        if v is not None:
            to_g = to_g + centred * _by_channel(scale * v)
        if t is not None:
            to_g = to_g + _by_channel(t)
        return to_g, to_x, to_weight, None, None, None


def _stock_backward(
    v: Tensor, x: Tensor, weight: Tensor | None, mean: Tensor, scale: Tensor, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """w s P(v), sum(v z) and sum(v)."""
    return torch.ops.aten.native_batch_norm_backward(v, x, weight, None, None, mean, scale, True, eps, ALL)


def _by_channel(values: Tensor) -> Tensor:
    return values[None, :, None, None]

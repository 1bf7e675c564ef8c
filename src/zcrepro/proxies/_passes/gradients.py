"""The gradient pass: one forward in training mode, and only the backwards that were asked for.

| need | what is added to the forward |
| --- | --- |
| relu_kernel | a Gram matrix in the hook of each ReLU |
| weight_gradients, output_gradients | one backward of the cross-entropy |
| hessian_gradient | a double backward on the same graph |
| jacobian | one backward of the sum of the logits, to the images |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zcrepro.networks.batchnorm import norms_in_closed_form
from zcrepro.networks.layers import WEIGHTED, weights
from zcrepro.networks.preserve import rerouted
from zcrepro.networks.training import training
from zcrepro.networks.undefined import UndefinedScoreError
from zcrepro.proxies._base import Batch, Need

ROUNDING = 1e-2
"""How far the images move the sum of the logits, relative to how far they move the logits apart: below, it
is constant. Of networks of twelve spaces it is 20 or more in some, in the others below 1e-3 in float32 and
below 1e-11 in float64."""


@dataclass
class GradientRecord:
    """What no gradient reaches has a gradient of zero.

    ``weights``, ``weight_gradients`` and ``hessian_gradients`` (the Hessian times the gradient) are
    parallel, one for each weighted layer. ``outputs``, (n, channels, ...), ``output_gradients`` and
    ``fan_ins`` (weights of each channel) are parallel, one for each call of a weighted layer.
    ``relu_kernel``: float64 (n, n), in how many ReLU units two images agree. ``jacobian``:
    (n, channels, height, width), the gradient of the sum of all ``logits``, (n, classes), to the
    ``images``.
    """

    images: Tensor
    labels: Tensor
    weights: list[Tensor]
    weight_gradients: list[Tensor] = field(default_factory=list)
    hessian_gradients: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    output_gradients: list[Tensor] = field(default_factory=list)
    fan_ins: list[int] = field(default_factory=list)
    relu_kernel: Tensor | None = None
    jacobian: Tensor | None = None
    logits: Tensor = field(init=False)


class GradientPass:
    name = "gradients"
    cost = "7.1"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> GradientRecord:
        second = "hessian_gradient" in needs
        with training(model, seed), rerouted(norms_in_closed_form(model) if second else {}):
            return _run(model, batch, needs)


def _run(model: nn.Module, batch: Batch, needs: frozenset[Need]) -> GradientRecord:
    images = batch.images.detach().requires_grad_("jacobian" in needs)
    record = GradientRecord(batch.images, batch.labels, weights(model))
    differentiated = needs != {"relu_kernel"}
    with _watched(model, record, needs) as kernels, torch.set_grad_enabled(differentiated):
        logits = model(images)
    record.logits = logits.detach()
    record.relu_kernel = sum(kernels[1:], kernels[0]) if kernels else None
    if needs & {"weight_gradients", "output_gradients", "hessian_gradient"}:
        _backward(logits, record, needs)
    if "jacobian" in needs:
        (record.jacobian,) = _gradients(logits.sum(), [images])
    record.outputs = [output.detach() for output in record.outputs]
    return record


def _backward(logits: Tensor, record: GradientRecord, needs: frozenset[Need]) -> None:
    """Gradients of the cross-entropy, and from them the Hessian-gradient product."""
    second = "hessian_gradient" in needs
    loss = F.cross_entropy(logits, record.labels)
    gradients = _gradients(loss, [*record.weights, *record.outputs], create_graph=second)
    of_weights, of_outputs = gradients[: len(record.weights)], gradients[len(record.weights) :]
    if second:
        # d/dW of <stop(g), g> is the Hessian times g.
        product = torch.stack([(g.detach() * g).sum() for g in of_weights]).sum()
        record.hessian_gradients = _gradients(product, record.weights)
    record.weight_gradients = [g.detach() for g in of_weights]
    record.output_gradients = [g.detach() for g in of_outputs]


def _gradients(scalar: Tensor, inputs: Sequence[Tensor], create_graph: bool = False) -> list[Tensor]:
    """Gradients of ``scalar``, zeros where it does not depend on an input. The graph is kept."""
    reached = [tensor for tensor in inputs if tensor.requires_grad] if scalar.requires_grad else []
    if not reached:
        return [torch.zeros_like(tensor) for tensor in inputs]
    found = torch.autograd.grad(
        scalar, reached, retain_graph=True, create_graph=create_graph, allow_unused=True
    )
    gradient = {id(tensor): g for tensor, g in zip(reached, found, strict=True) if g is not None}
    return [gradient.get(id(tensor), torch.zeros_like(tensor)) for tensor in inputs]


@contextmanager
def _watched(model: nn.Module, record: GradientRecord, needs: frozenset[Need]) -> Iterator[list[Tensor]]:
    """Hooks that collect the kernels of the ReLUs, and in ``record`` what the weighted layers put out."""
    kernels: list[Tensor] = []
    handles = []
    for module in model.modules():
        if "relu_kernel" in needs and isinstance(module, nn.ReLU):
            handles.append(module.register_forward_hook(_kernel_into(kernels)))
        if "output_gradients" in needs and isinstance(module, WEIGHTED):
            handles.append(module.register_forward_hook(_output_into(record)))
    try:
        yield kernels
    finally:
        for handle in handles:
            handle.remove()


def _kernel_into(kernels: list[Tensor]) -> Callable[[nn.Module, object, Tensor], None]:
    def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
        del module, inputs
        kernels.append(_agreement(output.detach()))

    return hook


def _output_into(record: GradientRecord) -> Callable[[nn.Module, object, Tensor], None]:
    def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
        del inputs
        assert isinstance(module, WEIGHTED)
        record.outputs.append(output)
        record.fan_ins.append(module.weight[0].numel())

    return hook


def _agreement(activations: Tensor) -> Tensor:
    """(n, n): in how many units two images are both active or both inactive.

    With codes c in {0, 1}, c c' + (1-c)(1-c)' = 2 c c' - s - s' + units: one product instead of two,
    of whole numbers that float32 holds exactly.
    """
    codes = (activations > 0).flatten(1).float()
    active = codes.sum(1, dtype=torch.float64)
    return 2 * (codes @ codes.T).double() - active[:, None] - active[None, :] + codes.shape[1]


def required_jacobian(record: GradientRecord) -> Tensor:
    """The Jacobian, (n, inputs), or the reason why a proxy of it has no value.

    Where a BatchNorm stands before the last pooling and no ReLU between them, the mean of each
    feature over the batch is a constant, and so is the sum of all logits: its gradient is zero, but
    for rounding. So it is in the cells of NAS-Bench-301 and TransNAS-Bench-101. The peers correlate
    the rounding errors.
    """
    jacobian = record.jacobian
    if jacobian is None or not jacobian.any():
        raise UndefinedScoreError("the logits do not depend on the images")
    varied = (record.logits - record.logits.mean(0)).norm()
    if jacobian.norm() * record.images.norm() < ROUNDING * varied:
        raise UndefinedScoreError("the sum of the logits is constant: its gradient is rounding errors alone")
    return jacobian.flatten(1)


GRADIENTS = GradientPass()

"""The gradient pass: one forward in training mode, and only the backwards that were asked for.

| need | what is added to the forward |
| --- | --- |
| relu_kernel | a Gram matrix for each ReLU |
| weight_gradients, output_gradients | one backward of the cross-entropy |
| hessian_gradient | a double backward on the same graph |
| jacobian | one backward of the sum of the logits, to the images |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from zcrepro.networks.batchnorm import norms_in_closed_form
from zcrepro.networks.errors import UndefinedScoreError, out_of_memory, told
from zcrepro.networks.forward import cross_entropy, logits
from zcrepro.networks.gradients import gradients, once_differentiable, require_graph
from zcrepro.networks.hooks import hooked
from zcrepro.networks.layers import WEIGHTED, Layer, UsedWeights, owns_weight, required_layers
from zcrepro.networks.preserve import rerouted
from zcrepro.networks.relus import folded, relus_seen
from zcrepro.networks.training import training
from zcrepro.proxies.base import Batch, Need, Record

OF_WEIGHTS = frozenset({"weight_gradients", "hessian_gradient"})
OF_LAYERS = OF_WEIGHTS | {"output_gradients"}
DIFFERENTIATED = OF_LAYERS | {"jacobian"}

ROUNDING = 1e-2
"""How far the images move the sum of the logits, relative to how far they move the logits apart: below, it
is constant. Of networks of twelve spaces it is 20 or more in some, in the others below 1e-3 in float32 and
below 1e-11 in float64."""


@dataclass
class GradientRecord(Record):
    """What was asked for of one forward pass; what no gradient reaches has a gradient of zero.

    ``weights``, ``weight_gradients`` and ``hessian_gradients`` (the Hessian times the gradient) are
    parallel, one for each weighted layer. ``outputs``, (n, channels, ...), ``output_gradients`` and
    ``fan_ins`` (weights of each channel) are parallel, one for each call of a weighted layer.
    ``relu_kernel``: float64 (n, n), in how many ReLU units two images agree. ``jacobian``:
    (n, channels, height, width), the gradient of the sum of all ``logits``, (n, classes), to the
    ``images``.
    """

    images: Tensor
    labels: Tensor
    weights: list[Tensor] = field(default_factory=list)
    weight_gradients: list[Tensor] = field(default_factory=list)
    hessian_gradients: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    output_gradients: list[Tensor] = field(default_factory=list)
    fan_ins: list[int] = field(default_factory=list)
    relu_kernel: Tensor | None = None
    jacobian: Tensor | None = None
    logits: Tensor = field(init=False)
    obstacles: dict[Need, str] = field(default_factory=dict)

    @contextmanager
    def hindering(self, needs: frozenset[Need]) -> Iterator[None]:
        """Note why ``needs`` have no value, if the code inside finds that."""
        try:
            yield
        except UndefinedScoreError as reason:
            self.obstacles |= dict.fromkeys(needs, str(reason))


class GradientPass:
    name = "gradients"
    records = DIFFERENTIATED | {"relu_kernel"}
    cost = "7.1"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> GradientRecord:
        in_place = any(getattr(module, "inplace", False) is True for module in model.modules())
        try:
            return _run(model, batch, needs, seed, copies=in_place)
        except _OverwrittenError:
            return _run(model, batch, needs, seed, copies=True)


class _OverwrittenError(Exception):
    """The network wrote to the output of a layer after it was recorded."""


def _run(
    model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int, *, copies: bool
) -> GradientRecord:
    second = "hessian_gradient" in needs
    record = GradientRecord(batch.images, batch.labels)
    with training(model, seed), rerouted(norms_in_closed_form(model) if second else {}):
        _forward_and_backwards(model, record, needs, copies)
    return record


def _forward_and_backwards(
    model: nn.Module, record: GradientRecord, needs: frozenset[Need], copies: bool
) -> None:
    images = record.images.detach().requires_grad_("jacobian" in needs)
    layers: list[Layer] = []
    if needs & OF_LAYERS:
        with record.hindering(OF_LAYERS):
            layers = required_layers(model)
    used, calls, kernel = UsedWeights(layers), _Calls(copies), _Kernel(len(images))
    with ExitStack() as watching:
        watching.enter_context(torch.set_grad_enabled(bool(needs & DIFFERENTIATED)))
        watching.enter_context(used.watched())
        if "output_gradients" in needs:
            watching.enter_context(calls.watched(model))
        if "relu_kernel" in needs:
            watching.enter_context(relus_seen(kernel.add))
        outputs = logits(model, images)
    calls.require_untouched()
    record.logits = outputs.detach()
    with record.hindering(frozenset({"relu_kernel"})):
        record.relu_kernel = kernel.total()
    if layers:
        with record.hindering(OF_LAYERS):
            _backward(outputs, used, calls, record, needs)
    if "jacobian" in needs:
        with record.hindering(frozenset({"jacobian"})):
            require_graph(outputs)
            (record.jacobian,) = gradients(outputs.sum(), [images])


def _backward(
    outputs: Tensor, used: UsedWeights, calls: _Calls, record: GradientRecord, needs: frozenset[Need]
) -> None:
    """Record the gradients of the cross-entropy, and from them the Hessian-gradient product."""
    require_graph(outputs)
    record.weights = used.weights()
    loss = cross_entropy(outputs, record.labels)
    second = "hessian_gradient" in needs
    inputs = [*used.flat(), *calls.outputs]
    found = gradients(loss, inputs, retain_graph=True, create_graph=second)
    of_weights, of_outputs = used.by_layer(found[: len(used.flat())]), found[len(used.flat()) :]
    if second:
        with record.hindering(frozenset({"hessian_gradient"})):
            record.hessian_gradients = _hessian_gradients(of_weights, used)
    record.weight_gradients = [gradient.detach() for gradient in of_weights]
    if "output_gradients" in needs:
        with record.hindering(frozenset({"output_gradients"})):
            calls.require_images(len(record.images))
            calls.require_all(used.layers, of_weights)
            record.fan_ins = [layer.weight[0].numel() for layer in calls.layers]
            record.outputs = calls.with_channels_second(calls.outputs)
            record.output_gradients = calls.with_channels_second(of_outputs)


def _hessian_gradients(of_weights: list[Tensor], used: UsedWeights) -> list[Tensor]:
    """d/dW of <stop(g), g> is the Hessian times g."""
    product = torch.stack([(gradient.detach() * gradient).sum() for gradient in of_weights]).sum()
    if once_differentiable(product):
        raise UndefinedScoreError("the network has no second derivative: a function allows only the first")
    try:
        return used.by_layer(gradients(product, used.flat(), retain_graph=True))
    except RuntimeError as error:  # how torch says that an operation has no second derivative
        if out_of_memory(error):
            raise
        raise UndefinedScoreError(f"the network has no second derivative: {told(error)}") from error


class _Calls:
    """Record the calls of weighted layers in one forward pass, and the output of each call.

    The network goes on with a copy of each output if it would overwrite the output, as an in-place activation
    or ``x += y`` does: a derivative with respect to what was recorded would then be of something else.
    """

    def __init__(self, copies: bool) -> None:
        self.copies = copies
        self.layers: list[Layer] = []
        self.outputs: list[Tensor] = []
        self._versions: list[int] = []

    @contextmanager
    def watched(self, model: nn.Module) -> Iterator[None]:
        layers = [module for module in model.modules() if isinstance(module, WEIGHTED)]
        with hooked(layer.register_forward_hook(self._keep) for layer in layers):
            yield

    def _keep(self, layer: Layer, inputs: object, output: Tensor) -> Tensor | None:
        del inputs
        self.layers.append(layer)
        self.outputs.append(output)
        self._versions.append(output._version)
        return output.clone() if self.copies else None

    def require_untouched(self) -> None:
        pairs = zip(self.outputs, self._versions, strict=True)
        if any(output._version != version for output, version in pairs):
            raise _OverwrittenError

    def require_images(self, n: int) -> None:
        """Raise UndefinedScoreError if an output does not have one row an image."""
        for output in self.outputs:
            if reason := folded(output, n):
                raise UndefinedScoreError(reason)

    def require_all(self, layers: Sequence[Layer], of_weights: Sequence[Tensor]) -> None:
        """Raise UndefinedScoreError if a weight was used by a function, since its output is then not
        known."""
        called = {id(layer.weight) for layer in self.layers}
        for layer, gradient in zip(layers, of_weights, strict=True):
            if owns_weight(layer) and id(layer.weight) not in called and gradient.any():
                raise UndefinedScoreError("a weight is used otherwise than by a call of its layer")

    def with_channels_second(self, tensors: list[Tensor]) -> list[Tensor]:
        """Move the channels of linear layers, which stand last, to where those of convolutions stand."""
        return [
            tensor.detach().movedim(-1, 1) if isinstance(layer, nn.Linear) else tensor.detach()
            for layer, tensor in zip(self.layers, tensors, strict=True)
        ]


class _Kernel:
    """The sum over ReLUs of the agreements of ``n`` images."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._total: Tensor | None = None
        self._obstacle: str | None = None

    def add(self, activations: Tensor) -> None:
        self._obstacle = self._obstacle or folded(activations, self._n)
        if self._obstacle is None:
            kernel = _agreement(activations)
            self._total = kernel if self._total is None else self._total + kernel

    def total(self) -> Tensor | None:
        """Return the kernel, None without a ReLU. Raises UndefinedScoreError if rows are not images."""
        if self._obstacle:
            raise UndefinedScoreError(self._obstacle)
        return self._total


def _agreement(activations: Tensor) -> Tensor:
    """Count in how many units two images are both active or both inactive, (n, n).

    With codes c in {0, 1}, c c' + (1-c)(1-c)' = 2 c c' - s - s' + units: one product instead of two,
    of whole numbers that float32 holds exactly.
    """
    codes = (activations > 0).flatten(1).float()
    active = codes.sum(1, dtype=torch.float64)
    return 2 * (codes @ codes.T).double() - active[:, None] - active[None, :] + codes.shape[1]


def required_jacobian(record: GradientRecord) -> Tensor:
    """Return the Jacobian, (n, inputs), or raise why a proxy of it has no value.

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

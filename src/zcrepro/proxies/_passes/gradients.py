"""The gradient pass: one forward in training mode, and only the backwards that were asked for.

| need | cost on top of the forward |
| --- | --- |
| relu_kernel | a count of equal bits per ReLU |
| weight_gradients, output_gradients | one backward of the cross-entropy |
| hessian_gradient | a second backward through that gradient, without what only its weights need |
| jacobian | one backward of the sum of the logits to the images |

All backwards share one graph, so that eight proxies cost a single forward.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from zcrepro.networks.batchnorm import norms_in_closed_form
from zcrepro.networks.convolution import ScaledConvolutions
from zcrepro.networks.errors import UndefinedScoreError, out_of_memory, told
from zcrepro.networks.forward import cross_entropy, logits
from zcrepro.networks.gradients import gradients, once_differentiable, require_graph
from zcrepro.networks.hooks import hooked
from zcrepro.networks.layers import WEIGHTED, Layer, UsedWeights, owns_weight, required_layers
from zcrepro.networks.preserve import rerouted
from zcrepro.networks.relu_kernel import ReluKernel
from zcrepro.networks.relus import folded, relus_seen
from zcrepro.networks.tokens import are_tokens, only, vectors_replaced
from zcrepro.networks.training import training
from zcrepro.proxies.base import Batch, Need, Record

OF_WEIGHTS = frozenset({"weight_gradients", "hessian_gradient"})
OF_LAYERS = OF_WEIGHTS | {"output_gradients"}
DIFFERENTIATED = OF_LAYERS | {"jacobian"}

ROUNDING = 1e-2
"""Threshold below which the sum of the logits counts as constant.

The quantity is ||jacobian|| ||images||, how far the images move the sum of the logits, over the deviation
of the logits from their mean over the batch. In networks of twelve search spaces it is either at least 20,
or below 1e-3 in float32 and below 1e-11 in float64."""


@dataclass
class GradientRecord(Record):
    """The derivatives that were asked for, of one forward pass.

    Tensors that do not influence the loss have a gradient of zero.

    Attributes
    ----------
    images, labels
        The batch, (n, channels, height, width) and (n,). Of tokens, ``images`` are their vectors,
        (n, positions, width), and the labels are (n, positions).
    logits
        (n, classes), detached, or (n, classes, positions) of tokens.
    weights, weight_gradients
        One tensor per weighted layer, of the shape of its weight: the weight W and the gradient g of the
        cross-entropy.
    along_hessian_gradient
        One scalar per weighted layer: <W, H g> for the Hessian H of the cross-entropy.
    outputs, output_gradients, fan_ins
        One entry per call of a weighted layer: the output, (n, channels, ...), the gradient of the
        cross-entropy with respect to it, and the number of weights per output channel.
    relu_kernel
        Float64, (n, n): the number of ReLU units in which two images agree. None if no ReLU ran.
    jacobian
        The gradient of the sum of all logits with respect to ``images``, of their shape.
    obstacles
        The reason why a need could not be met, by need.
    """

    images: Tensor
    labels: Tensor
    weights: list[Tensor] = field(default_factory=list)
    weight_gradients: list[Tensor] = field(default_factory=list)
    along_hessian_gradient: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    output_gradients: list[Tensor] = field(default_factory=list)
    fan_ins: list[int] = field(default_factory=list)
    relu_kernel: Tensor | None = None
    jacobian: Tensor | None = None
    logits: Tensor = field(init=False)
    obstacles: dict[Need, str] = field(default_factory=dict)

    @contextmanager
    def hindering(self, needs: frozenset[Need]) -> Iterator[None]:
        """Record in ``obstacles`` the reason if the code inside raises UndefinedScoreError."""
        try:
            yield
        except UndefinedScoreError as reason:
            self.obstacles |= dict.fromkeys(needs, str(reason))


class GradientPass:
    name = "gradients"
    records = DIFFERENTIATED | {"relu_kernel"}
    cost = "7.1"
    reads_tokens = True

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> GradientRecord:
        in_place = any(getattr(module, "inplace", False) is True for module in model.modules())
        try:
            return _run(model, batch, needs, seed, copies=in_place)
        except _OverwrittenError:
            return _run(model, batch, needs, seed, copies=True)


class _OverwrittenError(Exception):
    """The network wrote in place to the output of a layer that had been recorded."""


def _run(
    model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int, *, copies: bool
) -> GradientRecord:
    record = GradientRecord(batch.images, batch.labels)
    with training(model, seed):
        if "hessian_gradient" not in needs:
            _forward_and_backwards(model, record, needs, copies, {})
        else:
            convolutions = ScaledConvolutions(model)
            with rerouted(norms_in_closed_form(model) | convolutions.forwards):
                _forward_and_backwards(model, record, needs, copies, convolutions.scales)
    return record


def _forward_and_backwards(
    model: nn.Module,
    record: GradientRecord,
    needs: frozenset[Need],
    copies: bool,
    scales: Mapping[int, Tensor],
) -> None:
    inputs = _Inputs(record.images, differentiated="jacobian" in needs)
    layers: list[Layer] = []
    if needs & OF_LAYERS:
        with record.hindering(OF_LAYERS):
            layers = required_layers(model)
    used, calls, kernel = UsedWeights(layers), _Calls(copies), ReluKernel(len(record.images))
    with ExitStack() as watching:
        watching.enter_context(torch.set_grad_enabled(bool(needs & DIFFERENTIATED)))
        watching.enter_context(used.watched())
        if "output_gradients" in needs:
            watching.enter_context(calls.watched(model))
        if "relu_kernel" in needs:
            watching.enter_context(relus_seen(kernel.add))
        watching.enter_context(inputs.watched())
        outputs = logits(model, inputs.given)
    calls.require_untouched()
    record.logits = outputs.detach()
    with record.hindering(frozenset({"relu_kernel"})):
        record.relu_kernel = kernel.total()
    if layers:
        with record.hindering(OF_LAYERS):
            _backward(outputs, used, calls, record, needs, scales)
    if "jacobian" in needs:
        with record.hindering(frozenset({"jacobian"})):
            require_graph(outputs)
            images = inputs.images()
            (record.jacobian,) = gradients(outputs.sum(), [images])
            record.images = images.detach()


def _backward(
    outputs: Tensor,
    used: UsedWeights,
    calls: _Calls,
    record: GradientRecord,
    needs: frozenset[Need],
    scales: Mapping[int, Tensor],
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
            record.along_hessian_gradient = _along_hessian_gradient(of_weights, used, scales)
    record.weight_gradients = [gradient.detach() for gradient in of_weights]
    if "output_gradients" in needs:
        with record.hindering(frozenset({"output_gradients"})):
            calls.require_images(len(record.images))
            calls.require_all(used.layers, of_weights)
            record.fan_ins = [layer.weight[0].numel() for layer in calls.layers]
            record.outputs = calls.with_channels_second(calls.outputs)
            record.output_gradients = calls.with_channels_second(of_outputs)


def _along_hessian_gradient(
    of_weights: list[Tensor], used: UsedWeights, scales: Mapping[int, Tensor]
) -> list[Tensor]:
    """Return <W, H g> of each layer, for its weight W, the gradient g of the loss and its Hessian H.

    The derivative of <stop(g), g> with respect to W is H g, so the Hessian is never formed (Wang et al.,
    GraSP, ICLR 2020). A convolution that has a scale contributes to the derivative with respect to that in
    place of W.
    """
    product = torch.stack([(gradient.detach() * gradient).sum() for gradient in of_weights]).sum()
    if once_differentiable(product):
        raise UndefinedScoreError("the network has no second derivative: a function allows only the first")
    weights = used.flat()
    try:
        found = gradients(product, [*weights, *scales.values()], retain_graph=True)
    except RuntimeError as error:  # how torch says that an operation has no second derivative
        if out_of_memory(error):
            raise
        raise UndefinedScoreError(f"the network has no second derivative: {told(error)}") from error
    by_scale = dict(zip(scales, found[len(weights) :], strict=True))
    products = used.by_layer(found[: len(weights)])
    sums = [(weight * product).sum() for weight, product in zip(used.weights(), products, strict=True)]
    return [
        total + sum(by_scale[id(tensor)] for tensor in tensors if id(tensor) in by_scale)
        for total, tensors in zip(sums, used.tensors, strict=True)
    ]


class _Inputs:
    """The images that a network reads, or the vectors of its tokens.

    ``given`` is what the network is called with.
    """

    def __init__(self, inputs: Tensor, *, differentiated: bool) -> None:
        self._vectors: list[Tensor] = []
        self.given = inputs
        if not are_tokens(inputs):
            self.given = inputs.detach().requires_grad_(differentiated)

    def watched(self) -> AbstractContextManager[object]:
        """Record the vectors of tokens in the forward pass inside."""
        return vectors_replaced(self._keep) if are_tokens(self.given) else nullcontext()

    def _keep(self, vectors: Tensor) -> Tensor:
        self._vectors.append(vectors)
        return vectors

    def images(self) -> Tensor:
        """Return the images, or the vectors of tokens; raises as ``only`` does."""
        return only(self._vectors) if are_tokens(self.given) else self.given


class _Calls:
    """Record the calls of weighted layers in one forward pass, and the output of each call.

    With ``copies``, the network continues with a copy of each output. This is needed if it overwrites
    outputs, as an in-place activation or ``x += y`` does: the recorded tensor would then stand for the
    result of that operation, and so would a derivative with respect to it.
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
        """Raise UndefinedScoreError if an output does not have one row per image."""
        for output in self.outputs:
            if reason := folded(output, n):
                raise UndefinedScoreError(reason)

    def require_all(self, layers: Sequence[Layer], of_weights: Sequence[Tensor]) -> None:
        """Raise UndefinedScoreError if a weight was used without a call of its layer.

        A function that uses a weight has an output that no hook has recorded.
        """
        called = {id(layer.weight) for layer in self.layers}
        for layer, gradient in zip(layers, of_weights, strict=True):
            if owns_weight(layer) and id(layer.weight) not in called and gradient.any():
                raise UndefinedScoreError("a weight is used otherwise than by a call of its layer")

    def with_channels_second(self, tensors: list[Tensor]) -> list[Tensor]:
        """Return ``tensors`` with the channels of linear layers, on their last axis, moved to the second."""
        return [
            tensor.detach().movedim(-1, 1) if isinstance(layer, nn.Linear) else tensor.detach()
            for layer, tensor in zip(self.layers, tensors, strict=True)
        ]


def required_jacobian(record: GradientRecord) -> Tensor:
    """Return the Jacobian of the sum of the logits, (n, inputs).

    Raises UndefinedScoreError if it is not finite, or if it is zero except for rounding errors. The latter
    is so if a BatchNorm without a ReLU behind it precedes the last pooling, as in the cells of NAS-Bench-301
    and TransNAS-Bench-101: the mean of each feature over the batch is then constant, and so is the sum of the
    logits. The peers correlate the rounding errors.
    """
    jacobian = record.jacobian
    if jacobian is None or not jacobian.any():
        raise UndefinedScoreError("the logits do not depend on the images")
    if not jacobian.isfinite().all():
        raise UndefinedScoreError("the gradient of the logits is not finite")
    varied = (record.logits - record.logits.mean(0)).norm()
    if jacobian.norm() * record.images.norm() < ROUNDING * varied:
        raise UndefinedScoreError("the sum of the logits is constant: its gradient is rounding errors alone")
    return jacobian.flatten(1)


GRADIENTS = GradientPass()

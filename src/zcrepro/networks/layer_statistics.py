"""Record the 22 tensors of every layer of a network, on which EZNAS evolves programs.

A layer is a triple of calls (see ``triples``). Three forwards and backwards in training mode record it
(Akhauri et al., EZNAS, NeurIPS 2022): of the data D, of standard normal noise N, and of the perturbed data P,
which is D plus noise of variance 0.01. Each backward starts from ones at the logits, so there is neither a
loss nor a label.

The gradients of all layers are known only when the backward of P ends, so the tensors of all layers are held
at once: six per layer and input. After that they are handed out, and let go layer by layer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge, saved_tensors_hooks

from zcrepro.networks.calls import Call, Kind, calls_seen
from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import logits, require_finite_logits
from zcrepro.networks.gradients import require_graph
from zcrepro.networks.redrawn import noise_like
from zcrepro.networks.triples import Triple, triples

OF_AN_INPUT = ("wtgrad", "inpact", "inpactgrad", "preact", "preactgrad", "act", "actgrad")
NAMES = ("wt", *(name + images for name in OF_AN_INPUT for images in ("data", "noise", "perturb")))
"""The names of the 22 tensors, in the order in which the released code numbers them."""

PERTURBATION = 0.1
"""Standard deviation of what is added to the data."""

BATCH_SIZES = (64, 16, 8, 4, 1)
"""Numbers of images to choose from."""

LayerStatistics = Mapping[str, Tensor]
"""The 22 tensors of one layer by name, detached.

``wt`` is the weight of the middle call, and ``wtgrad`` its gradient over all its uses. ``inpact`` is the
input of the first call and ``preact`` that of the middle call. ``inpactgrad`` and ``preactgrad`` are the
gradients with respect to them through this call alone, without those through other calls that read the same
tensor. ``act`` is the output of the last call, and ``actgrad`` the gradient that arrives there. All except
``wt`` have a suffix: ``data``, ``noise``, or ``perturb`` for the difference of P and D. A gradient that does
not exist is zeros.
"""

End = tuple[int, str]
"""The number of a call, and the attribute of it that holds a tensor: ``input``, ``output`` or ``weight``."""


def _ends(layer: Triple) -> dict[str, End]:
    """Return where the tensors of a layer are found, by name."""
    first, middle, last = layer
    return {
        "wt": (middle, "weight"),
        "inpact": (first, "input"),
        "preact": (middle, "input"),
        "act": (last, "output"),
    }


def _all_ends(layers: Sequence[Triple]) -> set[End]:
    return {end for layer in layers for end in _ends(layer).values()}


@dataclass(frozen=True)
class Plan:
    """What is to be recorded of a network, and the memory that it takes.

    Attributes
    ----------
    layers
        The layers, as numbers of calls.
    kinds
        The kinds of all calls, in the order in which they run.
    overwritten
        Whether the network writes to a tensor that is to be recorded, so that copies are needed.
    bytes_per_image
        Bytes that are held for each image when the last backward ends, which is when most are held.
    bytes_of_weights
        Bytes of the gradients of the weights.
    elements_per_image, elements_of_weights
        Numbers that the statistics of all layers hold: for each image, and of weights and their gradients.
    """

    layers: list[Triple]
    kinds: list[Kind]
    overwritten: bool
    bytes_per_image: int
    bytes_of_weights: int
    elements_per_image: int
    elements_of_weights: int

    def elements(self, size: int) -> int:
        """Return the number of elements of all tensors of all layers, for inputs of ``size`` images."""
        return size * self.elements_per_image + self.elements_of_weights

    def peak_bytes(self, size: int) -> int:
        """Return the bytes of tensors that ``statistics`` holds at its peak, for inputs of ``size`` images.

        The parameters of the network and what a program allocates are not counted.
        """
        return size * self.bytes_per_image + self.bytes_of_weights

    def batch_size(self, images: int, memory: int) -> int:
        """Return the largest of BATCH_SIZES that is at most ``images`` and takes at most ``memory`` bytes.

        Raises UndefinedScoreError if a single image takes more memory.
        """
        for size in BATCH_SIZES:
            if size <= images and self.peak_bytes(size) <= memory:
                return size
        raise UndefinedScoreError(
            f"the statistics of the layers take {self.peak_bytes(1) / 2**30:.1f} GiB for one image, and "
            f"{memory / 2**30:.1f} GiB are allowed"
        )


def planned(model: nn.Module, images: Tensor) -> Plan:
    """Choose the layers in one forward of a few images, and sum up the memory that they take.

    ``model`` is in training mode. Raises UndefinedScoreError if there are no layers.
    """
    trace, saved = _Trace(), _Saved()
    with calls_seen(trace.see), saved_tensors_hooks(saved.see, lambda tensor: tensor):
        require_graph(logits(model, images))
    layers = triples(trace.calls)
    ends = _all_ends(layers)
    tensors = [(name, getattr(trace.calls[number], name)) for number, name in ends]
    weights = [tensor for name, tensor in tensors if name == "weight"]
    if any(weight is None for weight in weights):
        raise UndefinedScoreError("the middle of a layer is a BatchNorm without weights")
    overwritten = any(trace.writes_to(number) for number, _ in ends)
    for parameter in model.parameters():
        saved.bytes.pop(_address(parameter), None)
    features = [tensor for name, tensor in tensors if name != "weight"]
    held = _bytes_held(features, saved.bytes, overwritten)
    layered = [
        (name, getattr(trace.calls[number], name))
        for layer in layers
        for number, name in _ends(layer).values()
    ]
    return Plan(
        layers=layers,
        kinds=[call.kind for call in trace.calls],
        overwritten=overwritten,
        bytes_per_image=held // len(images),
        bytes_of_weights=3 * sum(weight.nbytes for weight in weights),
        elements_per_image=6 * sum(of.numel() for name, of in layered if name != "weight") // len(images),
        elements_of_weights=4 * sum(of.numel() for name, of in layered if name == "weight"),
    )


class _Trace:
    """The calls of one forward."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._versions: list[tuple[int, int]] = []

    def see(self, call: Call) -> None:
        self.calls.append(call)
        self._versions.append(_versions(call))

    def writes_to(self, number: int) -> bool:
        """Return whether the network has written to the input or the output of a call since it ran."""
        return _versions(self.calls[number]) != self._versions[number]


class _Saved:
    """The bytes that a forward saves for a backward, by their address.

    The graph holds this object, so it holds no tensor: the graph would never be let go.
    """

    def __init__(self) -> None:
        self.bytes: dict[int, int] = {}

    def see(self, tensor: Tensor) -> Tensor:
        self.bytes[_address(tensor)] = tensor.untyped_storage().nbytes()
        return tensor.detach()


def _versions(call: Call) -> tuple[int, int]:
    return call.input._version, call.output._version


def _address(tensor: Tensor) -> int:
    """Return the address of the memory that a tensor and its views share."""
    return tensor.untyped_storage().data_ptr()


def _bytes_held(features: Sequence[Tensor], saved: Mapping[int, int], overwritten: bool) -> int:
    """Return the bytes of the features and gradients of three inputs, and of what the last forward saved.

    Layers may read the same tensor. They have gradients of their own, but their features share memory with
    one another and with what is saved for the backward, unless they are copies.
    """
    gradients = sum(tensor.nbytes for tensor in features)
    if overwritten:
        return 6 * gradients + sum(saved.values())
    shared = {_address(tensor): tensor.untyped_storage().nbytes() for tensor in features}
    others = sum(held for address, held in saved.items() if address not in shared)
    return 3 * (gradients + sum(shared.values())) + others


def inputs(images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return the data, noise, and the perturbed data: the images, N(0, 1), and the images plus N(0, 0.01).

    All have the shape and dtype of ``images``. Noise and perturbation are drawn in this order.
    """
    noise = noise_like(images, generator)
    return images, noise, images + PERTURBATION * noise_like(images, generator)


def statistics(model: nn.Module, images: Sequence[Tensor], plan: Plan) -> Iterator[LayerStatistics]:
    """Yield the statistics of one layer after another, and hold none that were yielded.

    Parameters
    ----------
    model
        The network, in training mode.
    images
        The data, the noise and the perturbed data; see ``inputs``.
    plan
        The plan of the network; see ``planned``.

    Raises
    ------
    UndefinedScoreError
        If the logits are not finite or have no gradient, or if other layers run than in the plan.
    """
    data, noise, perturbed = (_recorded(model, each, plan) for each in images)
    while data:
        yield _named(data.popleft(), noise.popleft(), perturbed.popleft())


OfAnInput = dict[str, Tensor]
"""The weight of a layer, and its tensors for one input by the names in OF_AN_INPUT."""


def _named(data: OfAnInput, noise: OfAnInput, perturbed: OfAnInput) -> LayerStatistics:
    layer = {"wt": data["wt"]}
    for name in OF_AN_INPUT:
        layer[f"{name}data"] = data[name]
        layer[f"{name}noise"] = noise[name]
        layer[f"{name}perturb"] = perturbed[name] - data[name]
    return layer


def _recorded(model: nn.Module, images: Tensor, plan: Plan) -> deque[OfAnInput]:
    """Return the tensors of each layer for one input, from one forward and one backward."""
    recording = _Recording(plan)
    with calls_seen(recording.see):
        outputs = logits(model, images)
    require_finite_logits(outputs)
    require_graph(outputs)
    if recording.kinds != plan.kinds:
        raise UndefinedScoreError("the network does not call the same layers for all images")
    gradients = recording.gradients(outputs)
    return deque(_of_layer(layer, recording.tensors, gradients) for layer in plan.layers)


def _of_layer(
    layer: Triple, tensors: Mapping[End, Tensor], gradients: Mapping[End, Tensor | None]
) -> OfAnInput:
    found: OfAnInput = {}
    for name, end in _ends(layer).items():
        gradient = gradients.get(end)
        found[name] = tensors[end]
        found[f"{name}grad"] = torch.zeros_like(tensors[end]) if gradient is None else gradient
    return found


class _Recording:
    """The tensors of the layers in one forward, and where in the graph their gradients arrive.

    The places in the graph are noted when a call runs. A tensor that is overwritten later stands for its new
    values, and a derivative with respect to it would be one with respect to these.
    """

    def __init__(self, plan: Plan) -> None:
        self.kinds: list[Kind] = []
        self.tensors: dict[End, Tensor] = {}
        self._edges: dict[End, GradientEdge] = {}
        self._ends = _all_ends(plan.layers)
        self._copies = plan.overwritten

    def see(self, call: Call) -> None:
        for name in ("input", "output", "weight"):
            if (end := (len(self.kinds), name)) in self._ends:
                self._keep(end, getattr(call, name))
        self.kinds.append(call.kind)

    def _keep(self, end: End, tensor: Tensor) -> None:
        self.tensors[end] = tensor.detach().clone() if self._copies else tensor.detach()
        if tensor.requires_grad:
            self._edges[end] = get_gradient_edge(tensor)

    def gradients(self, outputs: Tensor) -> dict[End, Tensor | None]:
        """Return the gradients of the sum of ``outputs``; None if it does not depend on the tensor."""
        edges = list(self._edges.values())
        found = torch.autograd.grad(outputs, edges, torch.ones_like(outputs), allow_unused=True)
        return dict(zip(self._edges, found, strict=True))

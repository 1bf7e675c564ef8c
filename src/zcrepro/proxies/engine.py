"""Compute any set of proxies on a network, with each pass run once."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from zcrepro.networks.dropping import drawing_modules, dropping_off
from zcrepro.networks.errors import (
    DrewError,
    UndefinedScoreError,
    WrongInputError,
    out_of_memory,
    told,
)
from zcrepro.networks.forward import failure
from zcrepro.networks.pooling import poolings_by_products
from zcrepro.networks.preserve import preserved, rerouted
from zcrepro.networks.readable import eager, obstacle, unwrapped
from zcrepro.proxies.base import Batch, Need, Pass, Proxy, Record


@dataclass(frozen=True)
class Scores(Mapping[str, float]):
    """Scores by proxy, NaN where undefined.

    Attributes
    ----------
    values_by_name
        Score by proxy, which the mapping itself gives.
    status
        ``ok``, or the reason why the score is NaN, by proxy.
    seconds
        Wall-clock time by pass.
    """

    values_by_name: dict[str, float] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def compute(model: nn.Module, batch: Batch, proxies: Sequence[Proxy[Any]], seed: int) -> Scores:
    """Compute every proxy on one network and one batch.

    Each pass runs once, with the needs of all its proxies. The model is left as it was found. A score that
    cannot be computed is NaN, and its status gives the reason.

    Raises
    ------
    WrongInputError
        If the network cannot process the images, or its output is not logits that fit the labels.
    MemoryError
        If memory is short. The batch is not reduced, because a smaller batch has other scores.
    """
    network = unwrapped(model)
    with torch.inference_mode(False), _full_precision(), eager(network):
        # Images created in torch.inference_mode cannot take part in autograd; copies made outside it can.
        batch = Batch(batch.images.clone(), batch.labels.clone())
        return _compute(_Subject(network, batch, seed), proxies)


def _compute(subject: _Subject, proxies: Sequence[Proxy[Any]]) -> Scores:
    scores = Scores()
    hidden = obstacle(subject.model)
    for run, members in _by_pass(proxies).items():
        start = time.perf_counter()
        found = [(math.nan, hidden)] * len(members) if hidden else subject.scores(run, members)
        for proxy, (value, status) in zip(members, found, strict=True):
            scores.values_by_name[proxy.name], scores.status[proxy.name] = value, status
        scores.seconds[run.name] = time.perf_counter() - start
    return scores


@dataclass
class _Subject:
    """One network and batch to be scored.

    ``drawing`` are the modules that draw random numbers. They are None until a pass has drawn any.
    """

    model: nn.Module
    batch: Batch
    seed: int
    drawing: list[nn.Module] | None = None

    def scores(self, run: Pass[Any], members: Sequence[Proxy[Any]]) -> list[tuple[float, str]]:
        """Return score and status of each member. If the pass fails, all of them have its reason."""
        try:
            record = self._record(run, frozenset[Need]().union(*(proxy.needs for proxy in members)))
            return [proxy.score(record) for proxy in members]
        except UndefinedScoreError as reason:
            return [(math.nan, str(reason))] * len(members)
        except WrongInputError:
            raise
        except Exception as error:
            if out_of_memory(error):
                raise self._short_of_memory(run) from error
            self._refuse_if_broken(error)
            return [(math.nan, f"the pass {run.name} fails: {told(error)}")] * len(members)

    def _record(self, run: Pass[Any], needs: frozenset[Need]) -> Record:
        """Run the pass, and once more with dropping switched off if the network drew random numbers."""
        try:
            return self._run(run, needs)
        except DrewError:
            if self.drawing is None:
                self.drawing = drawing_modules(self.model, self.batch.images)
        try:
            return self._run(run, needs)
        except DrewError:
            raise UndefinedScoreError(
                "the network draws random numbers in every mode, so a score would depend on the seed"
            ) from None

    def _run(self, run: Pass[Any], needs: frozenset[Need]) -> Record:
        without_dropping = nullcontext() if self.drawing is None else dropping_off(self.drawing)
        with rerouted(poolings_by_products(self.model)), without_dropping:
            return run.run(self.model, self.batch, needs, self.seed)

    def _refuse_if_broken(self, error: Exception) -> None:
        """Raise WrongInputError if the network fails on the images in a plain forward pass as well."""
        images = self.batch.images
        with preserved(self.model):
            broken = failure(self.model, images)
        if broken:
            raise WrongInputError(
                f"the network cannot process images of shape {tuple(images.shape)}, {images.dtype} on "
                f"{images.device}: {broken}"
            ) from error

    def _short_of_memory(self, run: Pass[Any]) -> MemoryError:
        images = self.batch.images
        return MemoryError(
            f"not enough memory for the pass {run.name} over a batch of {len(images)} on {images.device}. "
            "Use a device with more memory, or a smaller batch (features.batch_size in the configuration, "
            "--batch-size of zcrepro score). The batch is not reduced automatically, because scores of "
            "batches of different sizes cannot be compared"
        )


def check_batch(images: Tensor, labels: Tensor) -> Batch:
    """Return a batch of ``images``, (n, channels, height, width), and ``labels``, (n,), as int64.

    Raises ValueError, which names what is wrong, unless images are floating point and finite, and labels
    are class indices from 0, one per image, on the same device.
    """
    for name, value in {"images": images, "labels": labels}.items():
        if not isinstance(value, Tensor):
            raise ValueError(
                f"{name} must be a torch.Tensor, but are a {type(value).__module__}.{type(value).__name__}: "
                f"pass torch.as_tensor({name})"
            )
    if images.dim() != 4:
        raise ValueError(f"images must be (n, channels, height, width), but have shape {tuple(images.shape)}")
    if not len(images):
        raise ValueError(f"the batch is empty: images have shape {tuple(images.shape)}")
    if not images.is_floating_point():
        raise ValueError(f"images must be floating-point numbers, but are {images.dtype}")
    if labels.shape != (len(images),):
        raise ValueError(
            f"{len(images)} images need as many labels, but these have shape {tuple(labels.shape)}"
        )
    if not images.isfinite().all():
        raise ValueError("the images hold values that are not finite")
    whole = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
    if not whole or int(labels.min()) < 0:
        raise ValueError(f"labels must be class numbers from 0, but are {labels.dtype} from {labels.min()}")
    if labels.device != images.device:
        raise ValueError(f"labels are on {labels.device}, but the images on {images.device}")
    return Batch(images, labels.long())


@contextmanager
def _full_precision() -> Iterator[None]:
    """Compute in full float32 and with deterministic kernels inside.

    By default a GPU convolves in TF32, which has three decimal digits, and may choose another kernel each
    time.
    """
    cudnn, products = torch.backends.cudnn, torch.backends.cuda.matmul
    convolution = cudnn.conv  # type: ignore[attr-defined]
    before = cudnn.deterministic, convolution.fp32_precision, products.fp32_precision
    cudnn.deterministic, convolution.fp32_precision, products.fp32_precision = True, "ieee", "ieee"
    try:
        yield
    finally:
        cudnn.deterministic, convolution.fp32_precision, products.fp32_precision = before


def _by_pass(proxies: Sequence[Proxy[Any]]) -> dict[Pass[Any], list[Proxy[Any]]]:
    groups: dict[Pass[Any], list[Proxy[Any]]] = {}
    for proxy in proxies:
        groups.setdefault(proxy.runs_in, []).append(proxy)
    return groups

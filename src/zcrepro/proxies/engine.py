"""Compute any set of proxies on a network, with each pass run once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from zcrepro.networks.dropping import drawing_modules, dropping_off
from zcrepro.networks.errors import (
    FAILURES,
    DrewError,
    TimeLimitError,
    UndefinedScoreError,
    WrongInputError,
    of_the_machine,
    out_of_memory,
    told,
)
from zcrepro.networks.forward import failure
from zcrepro.networks.pooling import poolings_by_products
from zcrepro.networks.precision import full_precision
from zcrepro.networks.preserve import preserved, rerouted, values_preserved
from zcrepro.networks.readable import eager, obstacle, unwrapped
from zcrepro.networks.scalars import finite
from zcrepro.networks.time_limit import time_limit
from zcrepro.networks.tokens import are_tokens
from zcrepro.proxies._given import Given, writes_seen
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


def compute(
    model: nn.Module,
    batch: Batch,
    proxies: Sequence[Proxy[Any]],
    seed: int,
    seconds: float | None = None,
) -> Scores:
    """Compute every proxy on one network and one batch.

    Each pass runs once, with the needs of all its proxies. The model is left as it was found. A score that
    cannot be computed is NaN, and its status gives the reason. Whatever one proxy does, the others have the
    scores that they have without it.

    ``seconds`` bounds the time of each pass, and of each proxy after it (see ``time_limit``). Scores that
    would take longer are NaN.

    Raises
    ------
    WrongInputError
        If the network cannot process the images, or its output is not logits that fit the labels.
    MemoryError
        If memory is short. The batch is not reduced, because a smaller batch has other scores.
    torch.AcceleratorError
        If the GPU has failed.
    """
    network = unwrapped(model)
    with (
        torch.inference_mode(False),
        full_precision(),
        eager(network),
        values_preserved(network) as restore,
    ):
        return _compute(_Subject(network, batch, seed, seconds, restore), proxies)


def _compute(subject: _Subject, proxies: Sequence[Proxy[Any]]) -> Scores:
    scores = Scores()
    for run, members in _by_pass(proxies).items():
        start = time.perf_counter()
        found = subject.scores(run, members)
        for name in (proxy.name for proxy in members):
            scores.values_by_name[name], scores.status[name] = found[name]
        scores.seconds[run.name] = time.perf_counter() - start
    return scores


Outcome = tuple[float, str]
"""A score and its status."""


@dataclass
class _Subject:
    """One network and batch to be scored.

    ``seconds`` bounds the time of each pass and each proxy. ``restore`` gives the tensors of the network the
    values that they had at first, since a pass or a proxy might have written to them. ``drawing`` are the
    modules that draw random numbers. They are None until a pass has drawn any.
    """

    model: nn.Module
    batch: Batch
    seed: int
    seconds: float | None
    restore: Callable[[], None]
    drawing: list[nn.Module] | None = None

    def scores(self, run: Pass[Any], members: Sequence[Proxy[Any]]) -> dict[str, Outcome]:
        """Return score and status of each member.

        After a member that changes the record, the pass runs again for the rest of them.
        """
        refused = {proxy.name: self._refusal(proxy) for proxy in members}
        found: dict[str, Outcome] = {name: (math.nan, reason) for name, reason in refused.items() if reason}
        while waiting := [proxy for proxy in members if proxy.name not in found]:
            found |= self._some_scores(run, waiting)
            self.restore()
        return found

    @cached_property
    def _hidden(self) -> str | None:
        return obstacle(self.model)

    @cached_property
    def _is_finite(self) -> bool:
        return bool(finite(each for each in self.model.parameters() if each.is_floating_point()))

    def _refusal(self, proxy: Proxy[Any]) -> str | None:
        """Return why ``proxy`` is not computed on this network, or None if it is."""
        if are_tokens(self.batch.images) and not proxy.runs_in.reads_tokens:
            return f"the pass {proxy.runs_in.name} is defined on images, and the network reads tokens"
        if self._hidden or not proxy.reads_values or self._is_finite:
            return self._hidden
        return "the network has parameters that are not finite"

    def _some_scores(self, run: Pass[Any], members: Sequence[Proxy[Any]]) -> dict[str, Outcome]:
        """Return the outcomes of the first members, up to one that changes the record.

        If the pass fails, all members have its reason.
        """
        try:
            with time_limit(self.seconds):
                record = self._record(run, frozenset[Need]().union(*(proxy.needs for proxy in members)))
            return self._of_record(record, members)
        except UndefinedScoreError as undefined:
            reason = str(undefined)
        except TimeLimitError as late:
            reason = f"the pass {run.name} {late}"
        except WrongInputError:
            raise
        except FAILURES as error:
            if out_of_memory(error):
                raise self._short_of_memory(run) from error
            if of_the_machine(error):
                raise
            self._refuse_if_broken(error)
            reason = f"the pass {run.name} fails: {told(error)}"
        return {proxy.name: (math.nan, reason) for proxy in members}

    def _of_record(self, record: Record, members: Sequence[Proxy[Any]]) -> dict[str, Outcome]:
        given = Given(record)
        found: dict[str, Outcome] = {}
        for proxy in members:
            value, status = self._score(proxy, record)
            if given.changed:
                changed = f"the proxy {proxy.name} changed what it was given"
                return found | {proxy.name: (math.nan, changed if status == "ok" else status)}
            found[proxy.name] = value, status
        return found

    def _score(self, proxy: Proxy[Any], record: Record) -> Outcome:
        try:
            with time_limit(self.seconds), writes_seen():
                return proxy.score(record)
        except TimeLimitError as late:
            return math.nan, f"the proxy {proxy.name} {late}"

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
        # Every pass has a batch of its own, which it may hand on to proxies. Besides, images created in
        # torch.inference_mode cannot take part in autograd, but copies made outside it can.
        batch = Batch(self.batch.images.clone(), self.batch.labels.clone())
        with rerouted(poolings_by_products(self.model)), without_dropping:
            record = run.run(self.model, batch, needs, self.seed)
        if not isinstance(record, Record):
            raise TypeError(f"it returns a {type(record).__name__} instead of a record")
        return record

    def _refuse_if_broken(self, error: BaseException) -> None:
        """Raise WrongInputError if the network fails on the images in a plain forward pass as well."""
        images = self.batch.images
        broken = None
        with suppress(TimeLimitError), time_limit(self.seconds), preserved(self.model):
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

    In place of images there may be tokens, integers (n, positions), with labels (n, positions).

    Raises ValueError, which names what is wrong, unless images are floating point and finite, and labels
    are class indices from 0, one per image or token, on the same device.
    """
    for name, value in {"images": images, "labels": labels}.items():
        if not isinstance(value, Tensor):
            raise ValueError(
                f"{name} must be a torch.Tensor, but are a {type(value).__module__}.{type(value).__name__}: "
                f"pass torch.as_tensor({name})"
            )
    if images.dim() == 2 and _whole(images):
        return _check_tokens(images, labels)
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
    return Batch(images, _check_labels(labels, images))


def _check_tokens(tokens: Tensor, labels: Tensor) -> Batch:
    if not tokens.numel():
        raise ValueError(f"the batch is empty: tokens have shape {tuple(tokens.shape)}")
    if int(tokens.min()) < 0:
        raise ValueError(f"tokens must be numbers from 0, but are {tokens.dtype} from {tokens.min()}")
    if labels.shape != tokens.shape:
        raise ValueError(
            f"tokens of shape {tuple(tokens.shape)} need a label each, but these have shape "
            f"{tuple(labels.shape)}"
        )
    return Batch(tokens.long(), _check_labels(labels, tokens))


def _check_labels(labels: Tensor, images: Tensor) -> Tensor:
    if not _whole(labels) or int(labels.min()) < 0:
        raise ValueError(f"labels must be class numbers from 0, but are {labels.dtype} from {labels.min()}")
    if labels.device != images.device:
        raise ValueError(f"labels are on {labels.device}, but the images on {images.device}")
    return labels.long()


def _whole(tensor: Tensor) -> bool:
    """Return whether a tensor has the type of whole numbers."""
    return not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool)


def _by_pass(proxies: Sequence[Proxy[Any]]) -> dict[Pass[Any], list[Proxy[Any]]]:
    groups: dict[Pass[Any], list[Proxy[Any]]] = {}
    for proxy in proxies:
        groups.setdefault(proxy.runs_in, []).append(proxy)
    return groups

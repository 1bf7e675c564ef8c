"""Computes any set of proxies with as few passes as the set needs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from zcrepro.networks.pooling import poolings_by_products
from zcrepro.networks.preserve import rerouted
from zcrepro.networks.undefined import UndefinedScoreError
from zcrepro.proxies._base import Batch, Pass, Proxy


@dataclass(frozen=True)
class Scores(Mapping[str, float]):
    """Score by proxy; ``status`` is ``ok`` or why a score is NaN; ``seconds`` is by pass."""

    values_by_name: dict[str, float] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def compute(model: nn.Module, batch: Batch, proxies: Sequence[Proxy], seed: int) -> Scores:
    """Every proxy on one network and one batch; each pass runs once. The model is left as it was."""
    with _full_precision():
        return _compute(model, batch, proxies, seed)


def _compute(model: nn.Module, batch: Batch, proxies: Sequence[Proxy], seed: int) -> Scores:
    scores = Scores()
    for run, members in _by_pass(proxies).items():
        start = time.perf_counter()
        needs = frozenset[str]().union(*(proxy.needs for proxy in members))
        for proxy, (value, status) in zip(
            members, _scores(run, members, model, batch, needs, seed), strict=True
        ):
            scores.values_by_name[proxy.name], scores.status[proxy.name] = value, status
        scores.seconds[run.name] = time.perf_counter() - start
    return scores


def check_batch(images: Tensor, labels: Tensor) -> Batch:
    """A batch, or ValueError that says what is wrong with it."""
    if images.dim() != 4:
        raise ValueError(f"images must be (n, channels, height, width), but have shape {tuple(images.shape)}")
    if labels.shape != (len(images),):
        raise ValueError(
            f"{len(images)} images need as many labels, but these have shape {tuple(labels.shape)}"
        )
    if not images.isfinite().all():
        raise ValueError("the images hold values that are not finite")
    if labels.is_floating_point() or (len(labels) and int(labels.min()) < 0):
        raise ValueError(f"labels must be class numbers from 0, but are {labels.dtype} from {labels.min()}")
    return Batch(images, labels)


def _scores(
    run: Pass, members: Sequence[Proxy], model: nn.Module, batch: Batch, needs: frozenset[str], seed: int
) -> list[tuple[float, str]]:
    """The score and status of each member; a pass that cannot be run says why for all of them."""
    try:
        with rerouted(poolings_by_products(model)):
            record = run.run(model, batch, needs, seed)
        return [proxy.score(record) for proxy in members]
    except UndefinedScoreError as reason:
        return [(math.nan, str(reason))] * len(members)
    except (MemoryError, RuntimeError) as error:
        if not _out_of_memory(error):
            raise
        raise MemoryError(
            f"no memory for the pass {run.name} over a batch of {len(batch.images)} on "
            f"{batch.images.device}. Use a machine or a device with more of it, or a smaller batch "
            "(features.batch_size in the configuration, --batch-size of zcrepro score); but scores of "
            "batches of other sizes cannot be compared, so it is never made smaller by itself"
        ) from error


@contextmanager
def _full_precision() -> Iterator[None]:
    """float32 as IEEE defines it, and always the same kernels: by default a GPU convolves in TF32, of three
    decimal digits."""
    cudnn, products = torch.backends.cudnn, torch.backends.cuda.matmul
    convolution = cudnn.conv  # type: ignore[attr-defined]
    before = cudnn.deterministic, convolution.fp32_precision, products.fp32_precision
    cudnn.deterministic, convolution.fp32_precision, products.fp32_precision = True, "ieee", "ieee"
    try:
        yield
    finally:
        cudnn.deterministic, convolution.fp32_precision, products.fp32_precision = before


def _out_of_memory(error: Exception) -> bool:
    """A GPU has an error class for it, a CPU a text alone."""
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return known or "DefaultCPUAllocator" in str(error)


def _by_pass(proxies: Sequence[Proxy]) -> dict[Pass, list[Proxy]]:
    groups: dict[Pass, list[Proxy]] = {}
    for proxy in proxies:
        groups.setdefault(proxy.runs_in, []).append(proxy)
    return groups

"""Define what a proxy is, and what a pass over a network provides to its proxies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

import numpy as np
from torch import Tensor, nn

from zcrepro.networks.errors import FAILURES, UndefinedScoreError, of_the_machine, told
from zcrepro.settings import unknown_name

Need = str
"""The name of a quantity that a pass computes only on request, such as ``weight_gradients``."""


@dataclass(frozen=True)
class Batch:
    """One batch on the model's device.

    Attributes
    ----------
    images
        Floating point, (n, channels, height, width). A language model reads tokens instead: int64,
        (n, positions).
    labels
        Class indices from 0, int64, (n,), or (n, positions) of tokens.
    """

    images: Tensor
    labels: Tensor


class Record:
    """What a pass recorded of one network.

    ``obstacles`` maps each need that could not be met to the reason.
    """

    obstacles: Mapping[Need, str] = MappingProxyType({})


R = TypeVar("R", bound=Record)
R_co = TypeVar("R_co", bound=Record, covariant=True)


class Pass(Protocol[R_co]):
    """A pass runs a network on one batch and records what its proxies need.

    Attributes
    ----------
    name
        Also the name of its module in ``zcrepro.proxies._passes``, except for the variants of SynFlow.
    records
        The needs that it can meet. What it records in any case has no name here.
    cost
        In forward passes of the network on one batch: the median over a few NAS-Bench-201 networks.
    reads_tokens
        Whether it is defined for networks that read tokens instead of images.
    """

    name: str
    records: frozenset[Need]
    cost: str
    reads_tokens: bool

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> R_co:
        """Return the record of ``model``, and leave the network as it was found.

        Raises UndefinedScoreError, with the reason, if no proxy of the pass has a value.
        """
        ...


@dataclass(frozen=True)
class Proxy(Generic[R]):
    """A zero-cost proxy: a score of an untrained network, computed from the record of one pass.

    Attributes
    ----------
    name
        The name of its module and of its column in tables of features.
    runs_in
        The pass that records what it reads. Proxies of one pass share its run.
    needs
        What the pass has to record for it; a subset of ``runs_in.records``.
    formula
        LaTeX, without delimiters.
    citation
        Authors, short title, venue and year.
    direction
        ``higher`` if the paper takes larger scores to be better, otherwise ``lower``.
    compute
        Maps the record, which it may not change, to the score: a number, or a tensor or array of one. Raises
        UndefinedScoreError, with the reason, if there is none.
    counts_dead
        Whether modules that do not contribute to the logits change the score. They change counts of modules
        and parameters, and what is drawn for a network in module order; they change no gradient of the loss.
        If False, networks that compute the same function of the same weights have one score, and extraction
        computes it once.
    reads_values
        Whether the values of weights or features change the score. If False, as for counts, it is defined for
        a network whose weights are not finite.

    Raises
    ------
    ValueError
        If the pass does not record one of ``needs``; the message names the nearest need that it records.
    """

    name: str
    runs_in: Pass[R]
    needs: frozenset[Need]
    formula: str
    citation: str
    direction: str
    compute: Callable[[R], float]
    counts_dead: bool = True
    reads_values: bool = True

    def __post_init__(self) -> None:
        for need in sorted(self.needs - self.runs_in.records):
            raise ValueError(
                f"proxy {self.name!r} of the pass {self.runs_in.name!r}: {_unmet(need, self.runs_in.records)}"
            )

    def score(self, record: R) -> tuple[float, str]:
        """Return the score and ``ok``, or NaN and the reason.

        A proxy that fails, or returns something other than a finite number, is named in the reason.

        Raises
        ------
        MemoryError, torch.OutOfMemoryError, torch.AcceleratorError
            If memory is short or the GPU has failed, which says nothing about the network.
        """
        try:
            for need in sorted(self.needs):
                if need in record.obstacles:
                    return math.nan, record.obstacles[need]
            value = self.compute(record)
            number = _number(value)
        except UndefinedScoreError as reason:
            return math.nan, str(reason)
        except FAILURES as error:
            if of_the_machine(error):
                raise
            return math.nan, f"the proxy {self.name} fails: {told(error)}"
        if number is None:
            return math.nan, f"the proxy {self.name} returns {_described(value)} instead of a number"
        if not math.isfinite(number):
            return math.nan, f"the proxy {self.name} gives {number}"
        return number, "ok"


def _number(value: object) -> float | None:
    """Return a real number, or the only element of a tensor or array, as a float; None if it is neither."""
    if isinstance(value, Tensor | np.ndarray) and math.prod(value.shape) == 1:
        value = value.item()
    is_real = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    return float(value) if is_real else None  # type: ignore[arg-type]


def _described(value: object) -> str:
    if isinstance(value, Tensor | np.ndarray):
        return f"a {type(value).__name__} of {value.dtype} of shape {tuple(value.shape)}"
    return "None" if value is None else f"a {type(value).__name__}"


def _unmet(need: Need, recorded: frozenset[Need]) -> str:
    if not recorded:
        return f"unknown need {need!r}; the pass records the same for every proxy, so leave out its needs"
    return unknown_name("need", need, recorded)

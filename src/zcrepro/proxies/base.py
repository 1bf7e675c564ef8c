"""What a proxy is, and what a pass over a network owes its proxies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from torch import Tensor, nn

from zcrepro.networks.errors import UndefinedScoreError, out_of_memory, told

Need = str
"""Something a pass can record, such as ``weight_gradients``."""


@dataclass(frozen=True)
class Batch:
    """``images``: (n, channels, side, side); ``labels``: int64, (n,). Both on the model's device."""

    images: Tensor
    labels: Tensor


class Record:
    """What a pass recorded of one network; ``obstacles`` says of a need why it could not be recorded."""

    obstacles: Mapping[Need, str] = MappingProxyType({})


class Pass(Protocol):
    """Runs a network on one batch and records what was asked for. It leaves the network as it was.

    ``records`` are the needs that it knows; what it records for every proxy is none of them. ``cost`` is in
    stock forwards of the network, the median of a few NAS-Bench-201 networks.
    """

    name: str
    records: frozenset[Need]
    cost: str

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Record: ...


@dataclass(frozen=True)
class Proxy:
    """A score of an untrained network.

    ``formula`` is LaTeX; ``direction`` is ``higher`` or ``lower``: which scores the paper takes to
    be better; ``compute`` maps the record of ``runs_in`` to the score.
    """

    name: str
    runs_in: Pass
    needs: frozenset[Need]
    formula: str
    citation: str
    direction: str
    compute: Callable[[Any], float]
    counts_dead: bool = True

    def score(self, record: Record) -> tuple[float, str]:
        """Return the score and ``ok``, or NaN and why there is none. Raises MemoryError alone."""
        for need in sorted(self.needs):
            if need not in self.runs_in.records:
                known = ", ".join(sorted(self.runs_in.records)) or "nothing by name"
                return math.nan, f"the pass {self.runs_in.name} does not record {need!r}; it records {known}"
            if need in record.obstacles:
                return math.nan, record.obstacles[need]
        try:
            value = float(self.compute(record))
        except UndefinedScoreError as reason:
            return math.nan, str(reason)
        except Exception as error:
            if out_of_memory(error):
                raise
            return math.nan, f"the formula fails: {told(error)}"
        return (value, "ok") if math.isfinite(value) else (math.nan, f"the formula gives {value}")

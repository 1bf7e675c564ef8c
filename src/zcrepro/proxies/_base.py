"""What a proxy is, and what a pass over a network owes its proxies."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from zcrepro.networks.undefined import UndefinedScoreError

Need = str
"""Something a pass can record, such as ``weight_gradients``."""


@dataclass(frozen=True)
class Batch:
    """``images``: (n, channels, side, side); ``labels``: int64, (n,). Both on the model's device."""

    images: Tensor
    labels: Tensor


class Pass(Protocol):
    """Runs a network on one batch and records what was asked for. It leaves the network as it was.

    ``cost``: in stock forwards of the network, the median of a few NAS-Bench-201 networks.
    """

    name: str
    cost: str

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Any: ...


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

    def score(self, record: Any) -> tuple[float, str]:
        """The score and ``ok``, or NaN and why there is none."""
        try:
            value = float(self.compute(record))
        except UndefinedScoreError as reason:
            return math.nan, str(reason)
        return (value, "ok") if math.isfinite(value) else (math.nan, f"the formula gives {value}")

"""The pass of tensors: a count of parameter tensors, without a forward."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from zcrepro.proxies.base import Batch, Need, Record


@dataclass(frozen=True)
class Tensors(Record):
    """The number of parameter tensors, ``parameters``. A shared tensor counts once."""

    parameters: int


class TensorPass:
    name = "tensors"
    records: frozenset[Need] = frozenset()
    cost = "0"
    reads_tokens = True

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Tensors:
        del batch, needs, seed
        return Tensors(len(list(model.parameters())))


TENSORS = TensorPass()

"""The structural pass: counts that depend on no values, from one forward pass of one image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zcrepro.networks.layers import weights
from zcrepro.networks.multiply_adds import tensorwatch
from zcrepro.networks.preserve import preserved
from zcrepro.proxies._base import Batch, Need


@dataclass(frozen=True)
class Structure:
    """``parameters``: how many; ``operations``: multiply-adds for one image; ``weights``: the tensors."""

    parameters: int
    operations: int
    weights: list[Tensor]


class StructuralPass:
    name = "structure"
    cost = "0.1"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Structure:
        with preserved(model, seed), torch.no_grad():
            return Structure(
                parameters=sum(parameter.numel() for parameter in model.parameters()),
                operations=tensorwatch(model, batch.images[:1]) if "operations" in needs else 0,
                weights=weights(model),
            )


STRUCTURE = StructuralPass()

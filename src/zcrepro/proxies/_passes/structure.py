"""The structural pass: counts of parameters and multiply-adds, and the weights.

Multiply-adds take a forward of one image. The weights take a forward of the batch only if a layer computes
its weight from other tensors.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import logits
from zcrepro.networks.layers import UsedWeights, owns_weight, required_layers
from zcrepro.networks.multiply_adds import multiply_adds, tensorwatch
from zcrepro.networks.tokens import are_tokens
from zcrepro.networks.training import evaluation, training
from zcrepro.proxies.base import Batch, Need, Record

NEEDS = frozenset({"operations", "weights"})


@dataclass
class Structure(Record):
    """The counts of a network, and its weights.

    ``parameters`` is the number of parameters, and ``operations`` the number of multiply-adds for one
    image, as tensorwatch counts them, or for one sequence of tokens. ``weights`` has the weight tensor of
    each weighted layer, detached.
    """

    parameters: int
    operations: int = 0
    weights: list[Tensor] = field(default_factory=list)
    obstacles: dict[Need, str] = field(default_factory=dict)


class StructuralPass:
    name = "structure"
    records = NEEDS
    cost = "0.1"
    reads_tokens = True

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Structure:
        record = Structure(sum(parameter.numel() for parameter in model.parameters()))
        try:
            if needs:
                required_layers(model)
            if "operations" in needs:
                with evaluation(model, seed):
                    record.operations = _operations(model, batch.images[:1])
            if "weights" in needs:
                record.weights = _weights(model, batch, seed)
        except UndefinedScoreError as reason:
            record.obstacles = dict.fromkeys(NEEDS, str(reason))
        return record


def _operations(model: nn.Module, image: Tensor) -> int:
    """Return the multiply-adds for one image, or for one sequence of tokens.

    A recurrent layer runs at every position, and tensorwatch would count it once.
    """
    return multiply_adds(model, image) if are_tokens(image) else tensorwatch(model, image)


@torch.no_grad()
def _weights(model: nn.Module, batch: Batch, seed: int) -> list[Tensor]:
    """Return the weight of each layer as a forward pass in training mode uses it."""
    layers = required_layers(model)
    if all(owns_weight(layer) for layer in layers):
        return [layer.weight.detach() for layer in layers]
    used = UsedWeights(layers)
    with training(model, seed), torch.no_grad(), used.watched():
        logits(model, batch.images)
    return used.weights()


STRUCTURE = StructuralPass()

"""The binary relation predictor: a graph network that says which of two architectures is better.

BP of Abdelfattah et al. (ICLR 2021, section 4.2) is the predictor of BRP-NAS (Dudziak et al., NeurIPS 2020),
a graph convolutional network that is trained on pairs of models. They publish neither its sizes nor how many
models are trained between two fits. These are ours. The probability that one architecture is better than
another is the logistic function of the difference of their outputs. With a warmup, the first models are the
best by score.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import numpy as np
import torch
from annotated_types import Ge, Gt
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from zcrepro.searching._guide import WARMUP, Guide, Help, warmed_up
from zcrepro.searching._pool import OperationGraphs, Pool
from zcrepro.searching._trainer import Trainer
from zcrepro.searching.base import Algorithm

LAYERS = 3


@dataclass(frozen=True)
class Options:
    """Options of search with the binary relation predictor."""

    first: Annotated[int, Ge(2)] = 20
    """Models that are trained before the predictor is first used."""

    each: Annotated[int, Ge(1)] = 20
    """Models that are trained between two fits of the predictor."""

    width: Annotated[int, Ge(1)] = 32
    """Width of the layers of the graph network."""

    steps: Annotated[int, Ge(1)] = 150
    """Steps of Adam in a fit, each on all pairs of trained models."""

    learning_rate: Annotated[float, Gt(0)] = 0.01
    """Learning rate of Adam."""

    warmup: tuple[Annotated[int, Ge(1)], ...] = (256, 512)
    """Random architectures that are scored before the search, one search for each number."""


class GraphNetwork(nn.Module):
    """A graph convolutional network with one output, whose nodes are the operations of an architecture.

    A layer adds up what a node, its predecessors and its successors hold, each with weights of their own.
    """

    def __init__(self, kinds: int, width: int) -> None:
        super().__init__()
        sizes = [kinds, *[width] * LAYERS]
        self.layers = nn.ModuleList(nn.Linear(3 * before, after) for before, after in pairwise(sizes))
        self.output = nn.Linear(width, 1)

    def forward(self, kinds: Tensor, adjacency: Tensor) -> Tensor:
        """Return one number per architecture, (n,), from (n, nodes, kinds) and (n, nodes, nodes)."""
        held = kinds
        for layer in self.layers:
            neighbours = [adjacency @ held, adjacency.transpose(1, 2) @ held]
            held = torch.relu(layer(torch.cat([held, *neighbours], dim=2)))
        # Nodes that only fill up the tensor have no kind.
        nodes = kinds.sum(dim=2, keepdim=True)
        pooled = (held * nodes).sum(dim=1) / nodes.sum(dim=1)
        return torch.as_tensor(self.output(pooled).squeeze(1))


def binary_relation(
    pool: Pool, trainer: Trainer, guide: Guide | None, rng: np.random.Generator, options: Options
) -> None:
    """Train what the predictor ranks best, until the budget is spent."""
    graphs = pool.operation_graphs
    for index in warmed_up(pool, guide, rng)[: options.first]:
        trainer.train(int(index))
    while not trainer.exhausted:
        network = _fitted(graphs, trainer, int(rng.integers(2**31)), options)
        with torch.no_grad():
            outputs = network(*_tensors(graphs, np.arange(len(pool)))).numpy()
        outputs[trainer.trained] = -np.inf
        for index in np.argsort(-outputs, kind="stable")[: options.each]:
            trainer.train(int(index))


def _fitted(graphs: OperationGraphs, trainer: Trainer, seed: int, options: Options) -> GraphNetwork:
    """Return a network that was trained on all pairs of trained models."""
    network = _initialised(graphs.kinds.shape[2], options.width, torch.Generator().manual_seed(seed))
    inputs = _tensors(graphs, np.array(trainer.trained))
    accuracy = torch.tensor(trainer.accuracies, dtype=torch.float64)
    better = torch.sign(accuracy[:, None] - accuracy[None, :]).add(1).div(2).float()
    optimiser = torch.optim.Adam(network.parameters(), lr=options.learning_rate)
    for _ in range(options.steps):
        outputs = network(*inputs)
        loss = binary_cross_entropy_with_logits(outputs[:, None] - outputs[None, :], better)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return network


def _initialised(kinds: int, width: int, generator: torch.Generator) -> GraphNetwork:
    """Return a network with uniform weights, as torch initialises linear layers, from a generator."""
    with torch.device("meta"):
        network = GraphNetwork(kinds, width)
    network.to_empty(device="cpu")
    for layer in (*network.layers, network.output):
        bound = layer.in_features**-0.5
        for parameter in layer.parameters():
            nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return network


def _tensors(graphs: OperationGraphs, indices: np.ndarray) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(graphs.kinds[indices]), torch.from_numpy(graphs.adjacency[indices])


def _helps(options: Options) -> list[Help]:
    return [Help(WARMUP, number) for number in options.warmup]


ALGORITHM = Algorithm(binary_relation, Options, _helps)

"""The pass over the graph of operations, and the proxies that are structural counts of it.

The network of an architecture of a search space carries its graph: that of one cell, or of a chain of
modules. Its counts are computed without a forward pass. Of any other network the graph is traced in a
forward pass of one image (see ``_traced``), and is that of the whole network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from zcrepro.networks.forward import logits
from zcrepro.networks.gradients import require_graph
from zcrepro.networks.pooling import stock_poolings
from zcrepro.networks.preserve import rerouted
from zcrepro.networks.training import evaluation
from zcrepro.proxies._traced import traced
from zcrepro.proxies.base import Batch, Need, Proxy, Record
from zcrepro.spaces.graph import Graph, carried
from zcrepro.spaces.structural_counts import COUNTS, PREFIX, structural_counts

UNTRACED = ("l_skip", "l_edges", "n_none", "dead_conv", "out_in", "e_max", "e_min")
"""The counts of what leaves no trace in a forward pass."""

REASON = "skip connections, none and dead branches leave no trace in a network that is not of a search space"


@dataclass(frozen=True)
class Counted(Record):
    """The structural counts of a network, by name."""

    counts: Mapping[str, float]
    obstacles: Mapping[Need, str] = field(default_factory=dict)


class GraphPass:
    name = "graph"
    records = frozenset(COUNTS)
    cost = "0"
    reads_tokens = False

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Counted:
        """Return the counts; see ``Pass.run``. Those of a traced network have obstacles."""
        del needs
        graph = carried(model)
        if graph is not None:
            return Counted(structural_counts(graph))
        counts = structural_counts(_trace(model, batch.images[:1], seed))
        return Counted(counts, dict.fromkeys(UNTRACED, REASON))


def _trace(model: nn.Module, images: Tensor, seed: int) -> Graph:
    """Return the graph from the images to the logits, in evaluation mode, in which nothing is dropped."""
    with evaluation(model, seed), rerouted(stock_poolings(model)):
        images = images.detach().requires_grad_()
        output = logits(model, images)
        require_graph(output)
        return traced(output, [images])


GRAPH = GraphPass()


def count(name: str, formula: str, *, direction: str = "higher", counts_dead: bool = False) -> Proxy[Counted]:
    """Return the proxy of one of COUNTS.

    GRAF uses counts as inputs of a predictor and ranks by none of them, so the directions are ours.
    """

    def compute(record: Counted) -> float:
        return record.counts[name]

    return Proxy(
        name=PREFIX + name,
        runs_in=GRAPH,
        needs=frozenset({name}),
        formula=formula,
        citation="Kadlecová et al., Surprisingly Strong Performance Prediction with Neural Graph Features, "
        "ICML 2024",
        direction=direction,
        compute=compute,
        counts_dead=counts_dead,
        reads_values=False,
    )

"""Count the operations and the paths of an architecture from its graph, without building a network.

Such counts are features of neural architectures in GRAF (Kadlecova et al., Surprisingly Strong Performance
Prediction with Neural Graph Features, ICML 2024), from which this set differs. They are computed by dynamic
programming over the live edges in topological order, in time linear in the edges. Paths are never
enumerated, because their number can be exponential in the edges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from zcrepro.spaces.graph import Graph, Kind, LabelledEdge

COUNTS = {
    "l_c3": "live convolutions of kernel 3 and larger",
    "l_c1": "live convolutions of kernel 1",
    "l_conv": "live convolutions",
    "l_skip": "live skip connections",
    "l_pool": "live poolings",
    "l_edges": "live edges",
    "l_stride": "live edges of stride 2 and larger",
    "l_params": "9 l_c3 + l_c1: the weights of the live convolutions, one channel to one channel",
    "n_none": "edges with the operation none",
    "dead_conv": "convolutions on no path",
    "out_in": "live edges into outputs",
    "paths": "paths from an input to an output",
    "conv_paths": "paths with a convolution",
    "free_paths": "paths without a pooling",
    "id_paths": "paths of skip connections alone",
    "d_max": "convolutions on a path: largest number",
    "d_min": "convolutions on a path: smallest number",
    "d_mean": "convolutions on a path: mean over paths",
    "d3_max": "convolutions of kernel 3 and larger on a path: largest number",
    "d3_min": "convolutions of kernel 3 and larger on a path: smallest number",
    "d3_mean": "convolutions of kernel 3 and larger on a path: mean over paths",
    "p_max": "poolings on a path: largest number",
    "p_min": "poolings on a path: smallest number",
    "p_mean": "poolings on a path: mean over paths",
    "e_max": "edges on a path: largest number",
    "e_min": "edges on a path: smallest number",
}
"""What each count is, by name. A live edge lies on a path from an input to an output without none."""

COUNTS_OF = "counts_of"
"""The entry in the metadata of a table of counts that says what is counted (see ``Space.counts_of``)."""

MODULES = "modules"
"""What the counts of a chain of modules count. All others, and those of networks, count operations."""

PREFIX = "structure_"
"""How the name of a count begins among the names of proxies."""


def structural_counts(graph: Graph) -> dict[str, float]:
    """Return all counts by name, in the order of ``COUNTS``. All are 0 if the graph has no path."""
    live = graph.live_edges()
    if not live:
        return dict.fromkeys(COUNTS, 0)
    convs = sum(map(_is_conv, live))
    large = sum(map(_is_large, live))
    found: dict[str, float] = {
        "l_c3": large,
        "l_c1": convs - large,
        "l_conv": convs,
        "l_skip": sum(map(_is_skip, live)),
        "l_pool": sum(map(_is_pool, live)),
        "l_edges": len(live),
        "l_stride": sum(edge.operation.stride > 1 for edge in live),
        "l_params": 9 * large + (convs - large),
        "n_none": sum(edge.operation.kind is Kind.NONE for edge in graph.edges),
        "dead_conv": sum(map(_is_conv, graph.edges)) - convs,
        "out_in": sum(edge.target in graph.outputs for edge in live),
    }
    lengths = _paths(graph, live, _is_any)
    found["paths"] = lengths.number
    found["conv_paths"] = lengths.number - _number(graph, (e for e in live if not _is_conv(e)))
    found["free_paths"] = _number(graph, (e for e in live if not _is_pool(e)))
    found["id_paths"] = _number(graph, filter(_is_skip, live))
    for name, counted in (("d", _is_conv), ("d3", _is_large), ("p", _is_pool)):
        paths = _paths(graph, live, counted)
        found[f"{name}_max"] = paths.largest
        found[f"{name}_min"] = paths.smallest
        found[f"{name}_mean"] = paths.total / paths.number
    found["e_max"] = lengths.largest
    found["e_min"] = lengths.smallest
    return found


class Paths(NamedTuple):
    """Summary of a set of paths: their number, and the counted edges on them.

    ``total`` is the sum over paths, ``largest`` and ``smallest`` are numbers of a single path.
    """

    number: int
    total: int
    largest: int
    smallest: int

    def extended(self, weight: int) -> Paths:
        """Return the summary after every path is continued by an edge that counts ``weight``."""
        return Paths(
            self.number, self.total + weight * self.number, self.largest + weight, self.smallest + weight
        )

    def united(self, other: Paths | None) -> Paths:
        """Return the summary of both sets; None is the empty set."""
        if other is None:
            return self
        return Paths(
            self.number + other.number,
            self.total + other.total,
            max(self.largest, other.largest),
            min(self.smallest, other.smallest),
        )


START = Paths(number=1, total=0, largest=0, smallest=0)


def _paths(graph: Graph, edges: Iterable[LabelledEdge], counted: Callable[[LabelledEdge], bool]) -> Paths:
    """Return the summary of the paths from inputs to outputs over ``edges``, of which there is at least one.

    The edges have ascending source nodes, so that all paths to a node are known before an edge leaves it.
    """
    to = dict.fromkeys(graph.inputs, START)
    for edge in edges:
        to[edge.target] = to[edge.source].extended(counted(edge)).united(to.get(edge.target))
    first, *others = [to[output] for output in graph.outputs if output in to]
    for other in others:
        first = first.united(other)
    return first


def _number(graph: Graph, edges: Iterable[LabelledEdge]) -> int:
    """Return the number of paths from inputs to outputs over ``edges``, which may be 0."""
    to = dict.fromkeys(graph.inputs, 1)
    for source, target, _ in edges:
        to[target] = to.get(target, 0) + to.get(source, 0)
    return sum(to.get(output, 0) for output in graph.outputs)


def _is_any(_: LabelledEdge) -> bool:
    return True


def _is_conv(edge: LabelledEdge) -> bool:
    return edge.operation.kind is Kind.CONV


def _is_large(edge: LabelledEdge) -> bool:
    return edge.operation.kernel >= 3


def _is_pool(edge: LabelledEdge) -> bool:
    return edge.operation.kind is Kind.POOL


def _is_skip(edge: LabelledEdge) -> bool:
    return edge.operation.kind is Kind.SKIP

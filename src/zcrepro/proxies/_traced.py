"""Derive the graph of operations of any network from the autograd graph of a forward pass.

Each function of autograd is a node, the feature map that it returns. Convolutions and poolings are
recognised by name, whether modules or functions compute them. All other functions are skip connections:
elementwise functions, normalisations, linear layers, means, sums and concatenations. Several edges end in a
function of several feature maps, which merges their paths. A product, such as a gate, merges them as well.

A trace shows what runs, not the operations of a search space. A separable convolution is two or four
convolutions here, a layer that is called twice counts twice, and shortcuts that project are convolutions.
Nothing is left of a skip connection, of ``none``, or of what does not reach the output.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from graphlib import TopologicalSorter
from math import prod
from typing import Any

from torch import Tensor
from torch.autograd.graph import Node, get_gradient_edge

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.spaces.graph import SKIP, Graph, Kind, LabelledEdge, Operation, conv

CONVOLUTION = re.compile(r"ConvolutionBackward\d+")
POOLING = re.compile(r"(Adaptive|Fractional)?(Avg|Max)Pool[23]D(WithIndices)?Backward\d+")
"""Names of functions. torch computes one-dimensional poolings by two-dimensional ones."""


def traced(output: Tensor, inputs: Sequence[Tensor]) -> Graph:
    """Return the graph of operations from ``inputs`` to ``output``.

    The inputs are leaves that require gradients. Raises UndefinedScoreError if the output does not depend on
    them.
    """
    end = get_gradient_edge(output).node
    inner = [get_gradient_edge(each).node for each in inputs]
    numbers = {node: number for number, node in enumerate(inner)}
    edges: list[LabelledEdge] = []
    for node in _ascending(end):
        sources = [numbers[before] for before, _ in node.next_functions if before in numbers]
        if sources:  # otherwise it depends on weights alone
            numbers[node] = len(numbers)
            operation = _operation(node)
            edges += [LabelledEdge(source, numbers[node], operation) for source in sources]
    if end not in numbers:
        raise UndefinedScoreError("the logits do not depend on the images")
    to_one_position = {number for node, number in numbers.items() if _pools_to_one_position(node)}
    kept = _without_last_poolings(edges, to_one_position)
    return Graph(tuple(kept), inputs=tuple(range(len(inputs))), outputs=(numbers[end],))


def _ascending(end: Node) -> Sequence[Node]:
    """Return all functions that ``end`` depends on and itself, each after those that it reads."""
    before: dict[Node, list[Node]] = {}
    waiting = [end]
    while waiting:
        node = waiting.pop()
        if node not in before:
            before[node] = [each for each, _ in node.next_functions if each is not None]
            waiting += before[node]
    return tuple(TopologicalSorter(before).static_order())


def _operation(node: Any) -> Operation:
    """Return the label of a function. Transposed convolutions enlarge the resolution, so have stride 1."""
    if CONVOLUTION.fullmatch(node.name()):
        kernel = max(node._saved_weight.shape[2:])
        return conv(kernel, 1 if node._saved_transposed else max(node._saved_stride))
    if POOLING.fullmatch(node.name()):
        return Operation(Kind.POOL, stride=_pooling_stride(node))
    return SKIP


def _pools_to_one_position(node: Any) -> bool:
    # The inputs of a function of autograd are the gradients of what the function returned.
    return bool(POOLING.fullmatch(node.name())) and prod(node._input_metadata[0].shape[2:]) == 1


def _without_last_poolings(edges: list[LabelledEdge], to_one_position: set[int]) -> list[LabelledEdge]:
    """Return the edges with poolings to one position as skip connections if no convolution follows them.

    These separate the features of a classifier from its linear layers, and many networks compute them as a
    mean, which is no pooling here. ``edges`` have ascending target nodes.
    """
    before_convolution: set[int] = set()
    for source, target, operation in reversed(edges):
        if operation.kind is Kind.CONV or target in before_convolution:
            before_convolution.add(source)
    last = to_one_position - before_convolution
    return [edge._replace(operation=SKIP) if edge.target in last else edge for edge in edges]


def _pooling_stride(pooling: Any) -> int:
    """Return the largest stride, which is that of the kernel by default. Adaptive poolings have none."""
    strides = getattr(pooling, "_saved_stride", ()) or getattr(pooling, "_saved_kernel_size", ())
    return max(strides, default=1)

"""The pass of layer statistics: programs that reduce the tensors of each layer to one number.

EZNAS (Akhauri et al., NeurIPS 2022) evolves such programs. The tensors of all layers take gigabytes for a
large network, so they are no part of the record: the programs are evaluated during the pass, layer by layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from zcrepro.networks.errors import FAILURES, UndefinedScoreError, of_the_machine, told
from zcrepro.networks.layer_statistics import LayerStatistics, inputs, planned, statistics
from zcrepro.networks.training import training
from zcrepro.programs.published import PUBLISHED
from zcrepro.proxies.base import Batch, Need, Proxy, Record

MEMORY = 6 * 2**30
"""Bytes that the tensors of all layers may take. It does not depend on the machine, as scores must not."""

IMAGES = 16
"""Images of each input, as in the released code."""

COUNT = "number of images"
"""What a proxy needs that is the number of images itself."""

FEW = 2
"""Number of images that suffice to choose the layers: BatchNorm needs more than one value per channel."""

Program = Callable[[LayerStatistics], float]
"""Maps the tensors of one layer to a number. It may not change them. If it raises, the layer is left out."""


@dataclass(frozen=True)
class LayerOutputs(Record):
    """The outputs of programs on the layers of a network.

    Attributes
    ----------
    batch_size
        Number of images in each of the three inputs.
    layers
        Number of layers.
    outputs
        For each program, one number per layer that it did not leave out, in the order of the layers.
    obstacles
        For each program that left out all layers, the reason why it left out the last.
    """

    batch_size: int
    layers: int
    outputs: dict[Need, list[float]] = field(default_factory=dict)
    obstacles: dict[Need, str] = field(default_factory=dict)


class LayerStatisticsPass:
    """Evaluate programs on the tensors of every layer.

    The inputs are the first images of the batch, as many as the largest of BATCH_SIZES that is at most
    ``images`` and fits into memory.

    Parameters
    ----------
    programs
        The programs by name. A proxy needs the names of its programs. Proxies share a run of the pass only if
        they share the instance.
    images
        The largest number of images.
    memory
        Bytes that the tensors of all layers may take.
    """

    name = "layer_statistics"
    cost = "2.1"
    reads_tokens = False

    def __init__(self, programs: Mapping[Need, Program], images: int = IMAGES, memory: int = MEMORY) -> None:
        self.programs = dict(programs)
        self.records = frozenset({*programs, COUNT})
        self.images = images
        self.memory = memory

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> LayerOutputs:
        """Return the outputs of the programs in ``needs``; see ``Pass.run``."""
        generator = torch.Generator().manual_seed(seed)
        with training(model, seed):
            plan = planned(model, batch.images[:FEW])
            size = plan.batch_size(min(len(batch.images), self.images), self.memory)
            record = LayerOutputs(size, len(plan.layers), {name: [] for name in sorted(needs - {COUNT})})
            for layer in statistics(model, inputs(batch.images[:size], generator), plan):
                self._evaluate(layer, record)
        return record

    @torch.no_grad()
    def _evaluate(self, layer: LayerStatistics, record: LayerOutputs) -> None:
        """Add the outputs of one layer to ``record``."""
        for name, outputs in record.outputs.items():
            try:
                outputs.append(float(self.programs[name](layer)))
            except FAILURES as error:
                if of_the_machine(error):
                    raise
                undefined = isinstance(error, UndefinedScoreError)
                record.obstacles[name] = str(error) if undefined else told(error)
            if outputs:
                record.obstacles.pop(name, None)


LAYER_STATISTICS = LayerStatisticsPass({name: program.value for name, program in PUBLISHED.items()})
"""The pass of the published programs."""

CITATION = "Akhauri et al., EZNAS, NeurIPS 2022"


def program(name: str, direction: str) -> Proxy[LayerOutputs]:
    """Return the proxy of a published program."""
    return proxy_of(name, PUBLISHED[name].latex(), LAYER_STATISTICS, CITATION, direction)


def proxy_of(
    name: str, latex: str, runs_in: LayerStatisticsPass, citation: str, direction: str
) -> Proxy[LayerOutputs]:
    """Return the proxy of the program that ``runs_in`` calls ``name``.

    The score is the mean of the outputs over the layers. ``latex`` is the LaTeX of the program.
    """

    def compute(record: LayerOutputs) -> float:
        outputs = record.outputs[name]
        return math.fsum(outputs) / len(outputs)

    return Proxy(
        name=name,
        runs_in=runs_in,
        needs=frozenset({name}),
        formula=rf"\frac{{1}}{{L}} \sum_l {latex}",
        citation=citation,
        direction=direction,
        compute=compute,
    )

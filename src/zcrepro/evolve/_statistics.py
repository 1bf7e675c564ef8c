"""Keep the layer statistics of many networks in one file that is mapped into memory.

An evolution reads them thousands of times, and those of 80 networks of NAS-Bench-201 take 2.6 GiB. Mapped
pages are read when a program needs them, and the operating system can let them go when memory is short.
"""

from __future__ import annotations

import errno
import mmap
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import torch
from torch import Tensor, nn

from zcrepro.networks.errors import FAILURES, of_the_machine, told
from zcrepro.networks.layer_statistics import LayerStatistics, Plan, inputs, planned, statistics
from zcrepro.networks.pooling import poolings_by_products
from zcrepro.networks.preserve import rerouted
from zcrepro.networks.training import training
from zcrepro.progress import track

ITEM = torch.float32.itemsize


@dataclass(frozen=True)
class Network:
    """A network to record.

    Attributes
    ----------
    name
        The architecture, for messages.
    build
        Function that returns the network with its initial weights, the same at each call.
    seed
        Seed of the noise in the inputs.
    """

    name: str
    build: Callable[[], nn.Module]
    seed: int


@dataclass(frozen=True)
class Kept:
    """The statistics of the layers of each network, float32, and their size in bytes.

    The tensors share the memory of the mapped file.
    """

    networks: list[list[LayerStatistics]]
    size: int


def kept(networks: Sequence[Network], images: Tensor) -> Kept:
    """Record the layer statistics of ``networks`` on ``images``, (n, channels, height, width), float32.

    The size is printed before the first is recorded. The file is in the folder for temporary files (TMPDIR).
    It has no name, so that the system removes it when it is no longer used, also if the process is killed.

    Raises
    ------
    OSError
        If there is too little room on disk. The message names the size, the folder and the remedy.
    ValueError
        If a network has no layer statistics. The message names it and the reason.
    """
    size = ITEM * sum(
        plan.elements(len(images))
        for plan in (_plan(network, images) for network in track(networks, "measuring networks"))
    )
    folder = tempfile.gettempdir()
    _check_room(size, len(networks), folder)
    told_size = f"layer statistics of {len(networks)} networks: {_gibibytes(size)} in {folder}"
    print(told_size, file=sys.stderr, flush=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        shapes = [list(_written(network, images, file)) for network in track(networks, "recording networks")]
        file.flush()
        # A private mapping: torch warns of memory that it could not write to. Nothing writes to it.
        numbers = torch.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY), dtype=torch.float32)
    return Kept(list(_views(numbers, shapes)), size)


def _check_room(size: int, networks: int, folder: str) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(
            errno.ENOSPC,
            f"the layer statistics of {networks} networks take {_gibibytes(size)}, but {folder} has "
            f"{_gibibytes(free)} free; make room, set TMPDIR to a folder with more, or lower the number of "
            "networks or `batch_size`",
        )


def _gibibytes(size: int) -> str:
    return f"{size / 2**30:.2f} GiB"


@contextmanager
def _ready(network: Network) -> Iterator[nn.Module]:
    """Build a network and prepare it. Raises ValueError that names it if what is done with it fails."""
    try:
        model = network.build()
        with rerouted(poolings_by_products(model)), training(model, network.seed):
            yield model
    except OSError:  # the disk is full
        raise
    except FAILURES as error:
        if of_the_machine(error):
            raise
        raise ValueError(f"there are no layer statistics of {network.name!r}: {told(error)}") from error


def _plan(network: Network, images: Tensor) -> Plan:
    with _ready(network) as model:
        return planned(model, images)


Shapes = dict[str, torch.Size]
"""The shapes of the tensors of one layer by name, in the order in which the file holds them."""


def _written(network: Network, images: Tensor, file: IO[bytes]) -> Iterator[Shapes]:
    """Write the statistics of a network, and yield the shapes of each layer."""
    generator = torch.Generator().manual_seed(network.seed)
    with _ready(network) as model:
        for layer in statistics(model, inputs(images, generator), planned(model, images)):
            for tensor in layer.values():
                file.write(tensor.contiguous().numpy().tobytes())
            yield {name: tensor.shape for name, tensor in layer.items()}


def _views(numbers: Tensor, shapes: Sequence[Sequence[Shapes]]) -> Iterator[list[LayerStatistics]]:
    start = 0
    for layers in shapes:
        found: list[LayerStatistics] = []
        for layer in layers:
            tensors = {}
            for name, shape in layer.items():
                tensors[name] = numbers[start : start + shape.numel()].view(shape)
                start += shape.numel()
            found.append(tensors)
        yield found

"""Measure a forward pass of each space and task: ``python perf/costs.py > resources/costs.csv``.

The workflow sizes its jobs by these CPU seconds. A batch has 64 images, the network is in training mode, on
one thread, and the value is the median of five random architectures. Images of more than 64x64 pixels are
measured with a batch of two.
"""

import statistics
import sys
import time

import numpy as np
import torch

from zcrepro import registry
from zcrepro.spaces.base import Space, TaskShape

BATCH = 64
NETWORKS = 5
REPEATS = 3


def seconds(space: Space, task: str) -> float:
    """Return the median over random architectures of the CPU seconds of a forward pass of 64 images."""
    rng = np.random.default_rng(0)
    shape = space.task_shape(task)
    batch = BATCH if shape.reads_tokens or max(shape.input) <= 64 else 2
    images = inputs(shape, batch)
    return statistics.median(
        forward(space.network(space.sample(rng), task).train(), images) * BATCH / batch
        for _ in range(NETWORKS)
    )


def inputs(shape: TaskShape, batch: int) -> torch.Tensor:
    """Return random images, or random tokens."""
    generator = torch.Generator().manual_seed(0)
    if shape.reads_tokens:
        return torch.randint(shape.classes, (batch, *shape.input), generator=generator)
    return torch.randn(batch, *shape.input, generator=generator)


@torch.no_grad()
def forward(network: torch.nn.Module, images: torch.Tensor) -> float:
    """Return the CPU seconds of the fastest of three forward passes."""

    def once() -> float:
        start = time.thread_time()
        network(images)
        return time.thread_time() - start

    return min(once() for _ in range(REPEATS))


def main() -> None:
    """Print a line for each space and task."""
    torch.set_num_threads(1)
    print("space,task,seconds")
    wanted = sys.argv[1:] or registry.names("space")
    for name in wanted:
        space: Space = registry.get("space", name)
        for task in space.tasks:
            print(f"{name},{task},{seconds(space, task):.4f}", flush=True)


if __name__ == "__main__":
    main()

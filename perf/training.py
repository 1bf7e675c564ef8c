"""Compare the time of a reduced training with that of a score on the same networks: CPU seconds, one thread.

python perf/training.py [--networks 3]

The recipes are those of the paper in ``config/config.yaml``. A training is timed by a few of its steps on
random images, and takes as many of them as 50,000 images have. Scores are those of each pass, on 64 images.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import yaml
from torch import nn

import zcrepro
from zcrepro import provenance, registry
from zcrepro.proxies.suite_zero import SUITE_ZERO

CONFIG = Path(__file__).parents[1] / "config/config.yaml"
IMAGES = 50_000
STEPS = 2
BATCH = 64


def main() -> None:
    """Print the seconds of each pass and of each recipe, and how many times those of a score they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=3)
    networks = parser.parse_args().networks
    torch.set_num_threads(1)
    section = yaml.safe_load(CONFIG.read_text())["reduced_trainings"]
    space, rng = registry.get("space", "nasbench201"), np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(networks)]
    passes = {
        name: np.mean([_seconds(_scoring(space.network(arch, "cifar10"), names)) for arch in archs])
        for name, names in provenance.pass_groups(SUITE_ZERO).items()
    }
    for name, seconds in passes.items():
        print(f"one score of {name:10s} {seconds:9.2f} s")
    for run in section["runs"]:
        size, side = section["batch_size"], run["side"]
        steps = run["stop_after"] * -(-IMAGES // size)
        each = np.mean(
            [
                _seconds(_training(space.network(arch, "cifar10", channels=run["channels"]), size, side))
                for arch in archs
            ]
        )
        seconds = steps * each / STEPS
        print(f"{run['recipe']:8s} {run['stop_after']} epochs  {seconds:9.0f} s")
        for name, one in passes.items():
            print(f"         times one score of {name:10s} {seconds / one:9.0f}")


def _scoring(network: nn.Module, names: list[str]) -> Callable[[], object]:
    images = torch.randn(BATCH, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    return lambda: zcrepro.score(network, images, torch.arange(BATCH) % 10, names)


def _training(network: nn.Module, size: int, side: int) -> Callable[[], object]:
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = torch.randn(size, 3, side, side, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(size) % 10
    optimiser = torch.optim.SGD(network.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)

    def steps() -> None:
        for _ in range(STEPS):
            optimiser.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(network(images), labels).backward()
            optimiser.step()

    return steps


def _seconds(work: Callable[[], object]) -> float:
    work()  # the first time costs more
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()

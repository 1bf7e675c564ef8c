"""Measure one evolution of EZNAS programs on NAS-Bench-201: ``python perf/eznas.py``.

It has the settings of the paper: 80 networks in four sets, and the defaults of the options. If
ZCREPRO_MIRROR names a folder with the files of config/datasets.tsv, accuracies and the image are those of
CIFAR-10; otherwise they are random, and so are the networks. One thread.

The peak of memory is that of the process. It includes the pages of the mapped file that were read last, which
the system lets go when memory is short.
"""

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

import resource
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

from zcrepro import registry, seeds
from zcrepro.benchmarks.tidy import TidySettings, read_accuracies
from zcrepro.evolve._statistics import Network, kept
from zcrepro.evolve.programs import NetworkSet, Options, evolve
from zcrepro.images.base import minibatch
from zcrepro.spaces.base import Space

NETWORKS, SETS = 80, 4
SEED = 2026
FILES = [
    "nasbench201/nasbench201_cifar10.csv",
    "nasbench201/nasbench201_cifar100.csv",
    "nasbench201/nasbench201_ImageNet16-120.csv",
    "nasbench201/nb2_test_acc_cf10.p",
    "nas-bench-suite-zero/9x_all.zip",
]


def from_mirror(folder: Path, size: int) -> tuple[list[str], np.ndarray, torch.Tensor]:
    """Return architectures of different graphs, their validation accuracies, and CIFAR-10 images."""
    benchmark = TidySettings("nasbench201", ["nasbench201"], [FILES], {})
    known = read_accuracies(benchmark, [folder / name for name in FILES])
    rows = known[(known["task"] == "cifar10") & (known["metric"] == "validation")].drop_duplicates("graph")
    drawn = rows.sample(NETWORKS, random_state=SEED)
    images = registry.get("images", "cifar10").training([folder / "images/cifar10_data_batch_1.bin"])
    pixels = images.take(minibatch(images, size, SEED, "cifar10")).pixels
    return drawn["arch"].tolist(), drawn["accuracy"].to_numpy(np.float64), torch.from_numpy(pixels)


def made_up(space: Space, size: int) -> tuple[list[str], np.ndarray, torch.Tensor]:
    """Return random architectures, accuracies and images."""
    rng = np.random.default_rng(SEED)
    found: dict[str, str] = {}
    while len(found) < NETWORKS:
        arch = space.sample(rng)
        found.setdefault(space.canonical(arch), space.text(arch))
    images = torch.from_numpy(rng.standard_normal((size, 3, 32, 32)).astype(np.float32))
    return list(found.values()), rng.normal(size=NETWORKS), images


def gibibytes() -> float:
    """Return the peak of the memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Print seconds and the peak of memory after each step, and what was found."""
    torch.set_num_threads(1)
    options, space = Options(), registry.get("space", "nasbench201")
    mirror = os.environ.get("ZCREPRO_MIRROR")
    texts, accuracy, images = (
        from_mirror(Path(mirror), options.batch_size) if mirror else made_up(space, options.batch_size)
    )
    networks = [
        Network(
            text,
            partial(space.network, space.parse(text), "cifar10", SEED),
            seeds.derive(SEED, space.name, "cifar10", text),
        )
        for text in texts
    ]
    start, cpu = time.perf_counter(), time.process_time()
    recorded = kept(networks, images)
    statistics = time.perf_counter() - start
    print(f"statistics: {recorded.size / 2**30:.2f} GiB in {statistics:.0f} s; peak {gibibytes():.1f} GiB")
    sets = [
        NetworkSet([recorded.networks[place] for place in places], accuracy[places])
        for places in np.array_split(np.arange(NETWORKS), SETS)
    ]
    found = evolve(sets, options, np.random.default_rng(SEED))
    seconds, processor = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"evolution: {found.history[-1].evaluations} programs evaluated in {seconds - statistics:.0f} s; "
        f"in all {seconds:.0f} s, {processor:.0f} CPU s; peak {gibibytes():.1f} GiB"
    )
    best = found.fittest
    print(f"fitness {best.fitness:.3f} on {'CIFAR-10' if mirror else 'random accuracies'}: {best.program}")
    print(f"python {sys.version.split()[0]}, torch {torch.__version__}, numpy {np.__version__}")


if __name__ == "__main__":
    main()

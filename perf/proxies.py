"""What the proxies cost, in units of F: one stock forward pass without gradients of the same network.

    python perf/proxies.py                      # seven NAS-Bench-201 networks and ten random ones
    python perf/proxies.py --networks 30 --proxies snip synflow

Everything is measured in one process on one thread, in CPU seconds, the forward pass and the proxies
by turns, and given as the median of the ratios; the seconds themselves say little about another machine.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from zcrepro import registry
from zcrepro.proxies._base import Batch, Proxy
from zcrepro.proxies._engine import compute
from zcrepro.spaces.nasbench201 import SPACE

TASK = "cifar10"
ALL = (
    "epe_nas fisher flops grad_norm grasp jacov l2_norm nwot params plain snip synflow zen".split()
)
UNIFORM = ("skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
LIVE_CONVOLUTION = "nor_conv"


def networks(count: int) -> dict[str, tuple[str, ...]]:
    """The networks of one operation everywhere, and random ones that compute something with weights."""
    named: dict[str, tuple[str, ...]] = {f"all {op}": (op,) * 6 for op in UNIFORM}
    rng = np.random.default_rng(0)
    while len(named) < len(UNIFORM) + count:
        arch = SPACE.sample(rng)
        if LIVE_CONVOLUTION in SPACE.canonical(arch):
            named[SPACE.text(arch)] = arch
    return named


def cpu_seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def stock_forward(network: nn.Module, batch: Batch) -> Callable[[], object]:
    @torch.no_grad()
    def run() -> torch.Tensor:
        return network(batch.images)

    return run


def ratios(
    network: nn.Module, batch: Batch, groups: dict[str, Sequence[Proxy]], repeats: int
) -> tuple[float, dict[str, float]]:
    """CPU seconds of F, and the median ratio to it of each group of proxies."""
    forward = stock_forward(network, batch)
    forward()
    units, found = [], {name: [] for name in groups}  # type: ignore[var-annotated]
    for _ in range(repeats):
        units.append(cpu_seconds(forward))
        for name, proxies in groups.items():
            found[name].append(cpu_seconds(lambda p=proxies: compute(network, batch, p, 0)))  # type: ignore[misc]
    unit = statistics.median(units)
    return unit, {name: statistics.median(seconds) / unit for name, seconds in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=10, help="random networks with a live convolution")
    parser.add_argument("--proxies", nargs="+", default=ALL)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [registry.get("proxies", name) for name in options.proxies]
    by_pass: dict[str, list[Proxy]] = {}
    for proxy in chosen:
        by_pass.setdefault(proxy.runs_in.name, []).append(proxy)
    groups: dict[str, Sequence[Proxy]] = {**by_pass, "together": chosen}
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(options.batch, 3, 32, 32, generator=generator)
    batch = Batch(images, torch.arange(options.batch) % 10)
    shown = Table("network", "F (s)", *(f"{name} (F)" for name in groups))
    of_random = []
    for name, arch in networks(options.networks).items():
        unit, found = ratios(SPACE.network(arch, TASK).train(), batch, groups, options.repeats)
        shown.add_row(name, f"{unit:.3f}", *(f"{value:.2f}" for value in found.values()))
        if not name.startswith("all "):
            of_random.append(found)
    if of_random:
        medians = [statistics.median(found[name] for found in of_random) for name in groups]
        shown.add_row("median of the random ones", "", *(f"{value:.2f}" for value in medians))
    Console().print(shown)


if __name__ == "__main__":
    main()

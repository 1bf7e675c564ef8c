"""What the proxies cost, in units of F: one stock forward pass without gradients of the same network.

    python perf/proxies.py                      # NAS-Bench-201: four uniform networks and ten random ones
    python perf/proxies.py --networks 30 --proxies snip synflow
    python perf/proxies.py '|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|'

Everything is measured in one process on one thread, in CPU seconds, the forward pass and the proxies
by turns, and given as the median of the ratios; the seconds themselves say little about another machine.
Where NASLib or zero-cost-nas can be imported, they score the same networks on the same batch with as
many of the proxies as they have, beside ours of the same names.
"""

import argparse
import importlib
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional as F

from zcrepro import registry
from zcrepro.proxies.base import Batch, Proxy
from zcrepro.proxies.engine import compute
from zcrepro.spaces.nasbench201 import SPACE

TASK = "cifar10"
ALL = ["params", "flops", "l2_norm", "grad_norm", "snip", "plain", "fisher", "grasp", "jacov", "epe_nas"]
ALL += ["nwot", "synflow", "zen"]
UNIFORM = ("skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
SHORT = {
    "none": "-",
    "skip_connect": "skip",
    "nor_conv_1x1": "1x1",
    "nor_conv_3x3": "3x3",
    "avg_pool_3x3": "pool",
}
LIVE_CONVOLUTION = "nor_conv"

# The module of each peer that has find_measures, and what it calls our proxies. NASLib's zen needs networks
# of its own kind.
PEERS = {
    "NASLib": (
        "naslib.predictors.utils.pruners.predictive",
        {name: name for name in ALL if name != "zen"},
    ),
    "zero-cost-nas": (
        "foresight.pruners.predictive",
        {name: name for name in ("grad_norm", "snip", "plain", "fisher", "grasp", "synflow")}
        | {"jacov": "jacob_cov"},
    ),
}

Scoring = Callable[[nn.Module, Batch], object]
"""Scores a network on a batch; what it returns is not looked at."""


def networks(count: int) -> dict[str, tuple[str, ...]]:
    """The networks of one operation everywhere, and random ones that compute something with weights."""
    named: dict[str, tuple[str, ...]] = {f"all {op}": (op,) * 6 for op in UNIFORM}
    rng = np.random.default_rng(0)
    while len(named) < len(UNIFORM) + count:
        arch = SPACE.sample(rng)
        if LIVE_CONVOLUTION in SPACE.canonical(arch):
            named[SPACE.text(arch)] = arch
    return named


def ours(proxies: Sequence[Proxy[Any]]) -> Scoring:
    return lambda network, batch: compute(network, batch, proxies, 0)


def passes_and_whole(proxies: Sequence[Proxy[Any]]) -> dict[str, Scoring]:
    """Each pass on its own, and all together."""
    by_pass: dict[str, list[Proxy[Any]]] = {}
    for proxy in proxies:
        by_pass.setdefault(proxy.runs_in.name, []).append(proxy)
    return {name: ours(members) for name, members in by_pass.items()} | {"together": ours(proxies)}


def beside_peers(proxies: Sequence[Proxy[Any]], console: Console) -> Iterator[tuple[str, Scoring]]:
    """Each peer that can be imported, and ours of the proxies that it has."""
    for peer, (module, names) in PEERS.items():
        try:
            find_measures = importlib.import_module(module).find_measures
        except ImportError:
            console.print(f"{peer} is not installed: no comparison with it")
            continue
        common = [proxy for proxy in proxies if proxy.name in names]
        yield f"{peer}, {len(common)}", theirs(find_measures, [names[proxy.name] for proxy in common])
        yield f"ours, {len(common)}", ours(common)


def theirs(find_measures: Callable[..., object], names: Sequence[str]) -> Scoring:
    """One measure after the other, as a user of the peer computes them."""

    def score(network: nn.Module, batch: Batch) -> None:
        classes, cpu = SPACE.task_shape(TASK).classes, torch.device("cpu")
        for name in names:
            loader = [(batch.images, batch.labels)]
            find_measures(network, loader, ("random", 1, classes), cpu, F.cross_entropy, [name])

    return score


def cpu_seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


@torch.no_grad()
def stock_forward(network: nn.Module, batch: Batch) -> torch.Tensor:
    return network(batch.images)


def ratios(
    network: nn.Module, batch: Batch, columns: dict[str, Scoring], repeats: int
) -> tuple[float, dict[str, float]]:
    """CPU seconds of F, and the median of each column's ratios to it."""
    stock_forward(network, batch)
    found: dict[str, list[float]] = {name: [] for name in ("F", *columns)}
    for _ in range(repeats):
        unit = cpu_seconds(lambda: stock_forward(network, batch))
        found["F"].append(unit)
        for name, score in columns.items():
            found[name].append(cpu_seconds(lambda run=score: run(network, batch)) / unit)  # type: ignore[misc]
    medians = {name: statistics.median(values) for name, values in found.items()}
    return medians.pop("F"), medians


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "architectures", nargs="*", help="NAS-Bench-201 texts, in place of the usual networks"
    )
    parser.add_argument("--networks", type=int, default=10, help="random networks with a live convolution")
    parser.add_argument("--proxies", nargs="+", default=ALL)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    console = Console()
    chosen = [registry.get("proxies", name) for name in options.proxies]
    columns = passes_and_whole(chosen) | dict(beside_peers(chosen, console))
    console.width = max(console.width, 50 + sum(len(f" {name} (F) |") + 1 for name in columns))
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(options.batch, 3, 32, 32, generator=generator)
    batch = Batch(images, torch.arange(options.batch) % 10)
    shown = Table("edges 01, 02, 12, 03, 13, 23", "F (s)", *(f"{name} (F)" for name in columns))
    of_random = []
    given = {text: SPACE.parse(text) for text in options.architectures}
    for name, arch in (given or networks(options.networks)).items():
        unit, found = ratios(SPACE.network(arch, TASK).train(), batch, columns, options.repeats)
        uniform = name.startswith("all ")
        label = name if uniform else " ".join(SHORT[op] for op in arch)
        shown.add_row(label, f"{unit:.3f}", *(f"{value:.2f}" for value in found.values()))
        if not uniform:
            of_random.append(found)
    if of_random:
        medians = [statistics.median(found[name] for found in of_random) for name in columns]
        shown.add_row("median, but of the uniform ones", "", *(f"{value:.2f}" for value in medians))
    console.print(shown)


if __name__ == "__main__":
    main()

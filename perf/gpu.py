"""Measure the proxies on a GPU: ``python perf/gpu.py``, or only some of ``throughput graphs compilation``.

throughput
    Networks per second on one GPU, scored by 1, 2, 4, ... processes that share it, and on one core of the CPU
    while all processes are at work: the 13 proxies together, each pass of theirs, the programs of EZNAS,
    and the drawing of weights.
graphs
    A forward and a backward of the cross-entropy, eager and replayed as a CUDA graph.
compilation
    The same eager and compiled by torch. Every architecture has another graph, so each pays for its own
    capture or compilation.

Networks are random ones of NAS-Bench-201, with 64 images of the shape of CIFAR-10 in float32.
Tables are Markdown.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count, cycle
from multiprocessing import get_context
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import zcrepro
from zcrepro import provenance, registry
from zcrepro.proxies.base import Batch
from zcrepro.proxies.engine import compute
from zcrepro.proxies.suite_zero import SUITE_ZERO
from zcrepro.spaces.nasbench201 import SPACE

TASK = "cifar10"
BATCH = 64
NETWORKS = 16
LIVE_CONVOLUTION = "nor_conv"

PROGRAMS = provenance.pass_groups(zcrepro.list_proxies())["layer_statistics"]
GROUPS = {"all 13": list(SUITE_ZERO)} | provenance.pass_groups(SUITE_ZERO) | {"programs": PROGRAMS}
DRAWING = "weights"
"""The column of the drawing of weights and their way to the device, which a score does not contain."""

FEW = 3
STEPS = 20


def architectures(number: int) -> list[tuple[str, ...]]:
    """Return random architectures that compute something with weights."""
    rng = np.random.default_rng(0)
    drawn = (SPACE.sample(rng) for _ in count())
    return [arch for arch, _ in zip(filter(_live, drawn), range(number), strict=False)]


def _live(arch: tuple[str, ...]) -> bool:
    return LIVE_CONVOLUTION in SPACE.canonical(arch)


def batch_on(device: str) -> Batch:
    images = torch.randn(BATCH, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    return Batch(images.to(device), (torch.arange(BATCH) % 10).to(device))


def markdown(header: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    """Print a table, each row as soon as it is known."""
    print("| " + " | ".join(header) + " |\n" + "|" + " --- |" * len(header), flush=True)
    for row in rows:
        cells = (f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row)
        print("| " + " | ".join(cells) + " |", flush=True)
    print(flush=True)


_barriers: dict[int, Barrier]
"""By number of processes, what lets these start together; each worker has them from ``_start``."""


def _start(barriers: dict[int, Barrier]) -> None:
    global _barriers
    _barriers = barriers
    torch.set_num_threads(1)


def throughput(processes: Sequence[int], seconds: float) -> None:
    """Print the networks per second of each number of processes on the GPU, and of one core of the CPU."""
    context, most = get_context("spawn"), max(processes)
    shares = [("one core", "cpu", most)] + [("GPU", "cuda", number) for number in processes]
    barriers = {number: context.Barrier(number) for number in processes}
    with context.Pool(most, _start, (barriers,)) as pool:

        def row(label: str, device: str, number: int) -> Sequence[object]:
            rates = [_rate(pool, number, device, column, seconds) for column in (*GROUPS, DRAWING)]
            return label, number, *(rate / number if device == "cpu" else rate for rate in rates)

        header = ["networks per second", "processes", *GROUPS, DRAWING]
        markdown(header, (row(*share) for share in shares))


def _rate(pool: Pool, number: int, device: str, column: str, seconds: float) -> float:
    """Return the networks per second of ``number`` processes together."""
    tasks = [(place, number, device, column, seconds) for place in range(number)]
    return sum(pool.starmap(_rate_of_one, tasks, chunksize=1))


def _rate_of_one(place: int, number: int, device: str, column: str, seconds: float) -> float:
    """Return the networks per second of one process, from a point of the list of networks of its own."""
    archs = architectures(NETWORKS)
    first = place * len(archs) // number
    work = _work(device, column, archs[first:] + archs[:first])
    next(work)  # loads kernels
    _barriers[number].wait()  # so no process takes two tasks
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        next(work)
        done += 1
    rate = done / (time.perf_counter() - start)
    del work
    torch.cuda.empty_cache()  # for the other processes
    return rate


def _work(device: str, column: str, archs: Sequence[tuple[str, ...]]) -> Iterator[None]:
    """Score one network, or draw its weights, with each step."""
    if column == DRAWING:
        for seed, arch in enumerate(cycle(archs)):
            SPACE.network(arch, TASK, seed).to(device)
            yield
    proxies = [registry.get("proxies", name) for name in GROUPS[column]]
    batch, networks = batch_on(device), [SPACE.network(arch, TASK).to(device) for arch in archs]
    for network in cycle(networks):
        compute(network, batch, proxies, 0)
        yield


Step = Callable[[], tuple[Tensor, ...]]
"""Runs a forward and a backward, and returns the gradients of the weights."""


def graphs() -> None:
    """Print the times of a step, eager and replayed, and of the capture, and how far the gradients differ."""
    header = ["network", "eager (ms)", "capture (ms)", "replay (ms)", "difference"]
    markdown(header, (_replayed(arch) for arch in architectures(FEW)))


def _replayed(arch: tuple[str, ...]) -> Sequence[object]:
    network, batch = _trained(arch), batch_on("cuda")
    eager = _step(network, network, batch)
    expected = [gradient.clone() for gradient in eager()]
    torch.cuda.synchronize()
    start = time.perf_counter()
    replay, captured = _captured(eager)
    capture = time.perf_counter() - start
    replay()
    difference = _difference(captured, expected)
    return SPACE.text(arch), _milliseconds(eager), 1e3 * capture, _milliseconds(replay), difference


def compilation() -> None:
    """Print the times of a step, eager and compiled, and of the compilation, and how far gradients differ."""
    header = ["network", "eager (ms)", "compilation (s)", "compiled (ms)", "difference"]
    markdown(header, (_compiled(arch) for arch in architectures(FEW)))


def _compiled(arch: tuple[str, ...]) -> Sequence[object]:
    network, batch = _trained(arch), batch_on("cuda")
    eager = _step(network, network, batch)
    expected = [gradient.clone() for gradient in eager()]
    compiled = _step(network, torch.compile(network, mode="reduce-overhead"), batch)
    start = time.perf_counter()
    compiled()
    torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    difference = max(_difference(compiled(), expected) for _ in range(3))  # the third is a replay
    return SPACE.text(arch), _milliseconds(eager), seconds, _milliseconds(compiled), difference


def _trained(arch: tuple[str, ...]) -> nn.Module:
    """Return a network in training mode. Convolutions are in full float32 from now on, as in the engine."""
    torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic = False, True
    return SPACE.network(arch, TASK).cuda().train()


def _step(network: nn.Module, forward: Callable[[Tensor], Tensor], batch: Batch) -> Step:
    weights = [parameter for parameter in network.parameters() if parameter.dim() > 1]

    def step() -> tuple[Tensor, ...]:
        loss = F.cross_entropy(forward(batch.images), batch.labels)
        return torch.autograd.grad(loss, weights, allow_unused=True, materialize_grads=True)

    return step


def _captured(step: Step) -> tuple[Callable[[], None], tuple[Tensor, ...]]:
    """Return what replays ``step`` as a CUDA graph, and the gradients that each replay writes."""
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        step()  # what is allocated at the first run must not be captured
    torch.cuda.current_stream().wait_stream(stream)
    with torch.cuda.graph(graph):
        gradients = step()
    torch.cuda.synchronize()
    return graph.replay, gradients


def _milliseconds(step: Callable[[], object]) -> float:
    """Return the median time of a step."""
    found = []
    for _ in range(STEPS):
        torch.cuda.synchronize()
        start = time.perf_counter()
        step()
        torch.cuda.synchronize()
        found.append(1e3 * (time.perf_counter() - start))
    return statistics.median(found)


def _difference(found: Sequence[Tensor], expected: Sequence[Tensor]) -> float:
    """Return the norm of the difference over the norm, of all gradients together."""
    pairs = zip(found, expected, strict=True)
    off = sum(float((a - b).double().square().sum()) for a, b in pairs)
    return (off / sum(float(gradient.double().square().sum()) for gradient in expected)) ** 0.5


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "throughput": lambda options: throughput(options.processes, options.seconds),
    "graphs": lambda _: graphs(),
    "compilation": lambda _: compilation(),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        parser.exit(1, f"torch {torch.__version__} finds no CUDA device to measure\n")
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}\n", flush=True)
    for part in options.parts:
        PARTS[part](options)


if __name__ == "__main__":
    main()

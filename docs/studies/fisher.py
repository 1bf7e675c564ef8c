"""Measure why ZCP reports a lower correlation of fisher on NAS-Bench-201 than plain networks have.

    python docs/studies/fisher.py RESULTS IMAGES SCORES [--architectures 200]

RESULTS is the folder of a run with the accuracies of NAS-Bench-201 (``results/paper``), IMAGES is
``data_batch_1.bin`` of CIFAR-10, and SCORES is a CSV file that the scores are appended to: what is there
already is not computed again. Architectures are the first of the fixed random order. Each is scored in four
variants, which lead from the plain network to that of Abdelfattah et al. (ICLR 2021):

- ``plain``: the network as the benchmark trained it, and one fixed minibatch.
- ``minibatches``: the plain network, and an augmented minibatch of its own for each architecture.
- ``biases``: the plain network with the same weights and a bias in each convolution of a cell.
- ``paper``: all five operations on each edge, biases, BatchNorm without weights and without running
  statistics in the cells, weights from torch's global generator, and augmented minibatches.
"""

import argparse
import csv
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

import zcrepro
from zcrepro import seeds
from zcrepro.images.base import Images, minibatch
from zcrepro.images.cifar10 import IMAGES
from zcrepro.networks.generators import seeded
from zcrepro.ranking.correlation import Statistic, spearman
from zcrepro.ranking.intervals import bootstrap
from zcrepro.spaces.base import Arch
from zcrepro.spaces.cell import EDGES, OPERATIONS, OUTPUT, WEIGHTED, Cell
from zcrepro.spaces.nasbench201 import SPACE, Network
from zcrepro.spaces.order import random_order

TASK, SEED, BATCH, CHANNELS = "cifar10", 2026, 64, 16
CELLS_AND_REDUCTION = 6  # modules from one reduction block to the next
COLUMNS = ("arch", "variant", "fisher")
RESAMPLES, LEVEL = 2000, 0.95


class Zeros(nn.Module):
    """The operation ``none``."""

    def forward(self, x: Tensor) -> Tensor:
        return 0 * x


class PaperCell(nn.Module):
    """Cell with all five operations on each edge, of which only that of ``arch`` runs."""

    def __init__(self, arch: Arch, channels: int) -> None:
        super().__init__()
        self.arch = arch
        self.edges = nn.ModuleList(
            nn.ModuleDict({name: operation(name, channels) for name in OPERATIONS}) for _ in EDGES
        )

    def forward(self, x: Tensor) -> Tensor:
        terms: list[list[Tensor]] = [[x], [], [], []]
        for (source, node), operations, name in zip(EDGES, self.edges, self.arch, strict=True):
            terms[node].append(operations[name](sum(terms[source])))  # type: ignore[index]
        return torch.stack(terms[OUTPUT]).sum(0)


def operation(name: str, channels: int) -> nn.Module:
    """Return the module of an operation in ZCP's cell."""
    if name in WEIGHTED:
        kernel = WEIGHTED[name]
        convolution = nn.Conv2d(channels, channels, kernel, padding=kernel // 2)
        norm = nn.BatchNorm2d(channels, affine=False, track_running_stats=False)
        return nn.Sequential(nn.ReLU(), convolution, norm)
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return Zeros() if name == "none" else nn.Identity()


def plain(text: str) -> nn.Module:
    """Return the network as the benchmark trained it."""
    return SPACE.network(SPACE.parse(text), TASK, SEED)


def biased(text: str) -> nn.Module:
    """Return the plain network with torch's default bias in each convolution of a cell."""
    network = plain(text)
    generator = torch.Generator().manual_seed(seeds.derive(SEED, "biases", text))
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and ".edge" in name:
            bound = module.weight[0].numel() ** -0.5
            drawn = torch.empty(len(module.weight)).uniform_(-bound, bound, generator=generator)
            module.bias = nn.Parameter(drawn)
    return network


def of_paper(text: str) -> nn.Module:
    """Return the network that ZCP scored."""
    arch = SPACE.parse(text)
    with seeded(nn.Identity(), seeds.derive(SEED, "paper", text)):
        network = Network(arch, SPACE.task_shape(TASK), CHANNELS)
        for place, module in enumerate(network.cells):
            if isinstance(module, Cell):
                network.cells[place] = PaperCell(arch, CHANNELS << place // CELLS_AND_REDUCTION)
    return network


def fixed(images: Images, text: str) -> Images:
    """Return one minibatch for all architectures."""
    del text
    return images.take(minibatch(images, BATCH, SEED, TASK))


def augmented(images: Images, text: str) -> Images:
    """Return an augmented minibatch of an architecture's own."""
    drawn = images.take(minibatch(images, BATCH, SEED, TASK, text))
    return IMAGES.augmented(drawn, seeds.numpy_generator(SEED, "augmentation", TASK, text))


VARIANTS: dict[str, tuple[Callable[[str], nn.Module], Callable[[Images, str], Images]]] = {
    "plain": (plain, fixed),
    "minibatches": (plain, augmented),
    "biases": (biased, fixed),
    "paper": (of_paper, augmented),
}


def convolves_zeros(arch: Arch) -> bool:
    """Return whether a convolution that the output depends on reads a node that is always zero."""
    operations = dict(zip(EDGES, arch, strict=True))
    zero, live = {0: False}, {OUTPUT}
    for node in range(1, OUTPUT + 1):
        zero[node] = all(operations[source, node] == "none" or zero[source] for source in range(node))
    for source, node in sorted(EDGES, key=lambda edge: edge[1], reverse=True):
        if node in live and operations[source, node] != "none":
            live.add(source)
    return any(zero[s] and operations[s, node] in WEIGHTED and node in live for s, node in EDGES)


def compute(texts: list[str], images: Images, path: Path) -> pd.DataFrame:
    """Return the scores, architectures by variants, after appending those that the file lacks."""
    if not path.exists():
        path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    known = pd.read_csv(path).drop_duplicates(["arch", "variant"]).set_index(["arch", "variant"]).index
    with path.open("a", encoding="utf-8", newline="") as file:
        for text, variant in ((text, variant) for text in texts for variant in VARIANTS):
            if (text, variant) in known:
                continue
            network, batch = VARIANTS[variant]
            chosen = batch(images, text)
            pixels, labels = torch.from_numpy(chosen.pixels), torch.from_numpy(chosen.labels)
            score = zcrepro.score(network(text), pixels, labels, ["fisher"])["fisher"]
            csv.writer(file).writerow([text, variant, repr(score)])
            file.flush()
    found = pd.read_csv(path).drop_duplicates(["arch", "variant"])
    return found.pivot(index="arch", columns="variant", values="fisher").reindex(texts)


def reads_zeros(texts: Iterable[str]) -> np.ndarray:
    """Return of which architectures a convolution reads zeros, bool (n,)."""
    return np.array([convolves_zeros(SPACE.parse(text)) for text in texts])


def interval(statistic: Statistic, x: np.ndarray, known: pd.DataFrame) -> str:
    """Return ``statistic`` of scores and accuracies with its bootstrap interval over graphs."""
    y, graphs = known["accuracy"].to_numpy(), known["graph"].to_numpy()
    rng = seeds.numpy_generator(SEED, "intervals")
    low, high = bootstrap(statistic, x, y, graphs, RESAMPLES, rng, LEVEL)
    return f"{statistic(x, y):.3f} [{low:.3f}, {high:.3f}]"


def difference(x: np.ndarray, y: np.ndarray) -> float:
    """Return how much higher the correlation of the second scores is than that of the first."""
    return spearman(x[1], y) - spearman(x[0], y)


def variants(scores: pd.DataFrame, known: pd.DataFrame) -> Table:
    """Return the correlation of each variant, and its difference to that of ``plain``."""
    starved = reads_zeros(scores.index)
    title = f"{len(scores)} architectures, in {starved.sum()} of which a convolution reads zeros"
    table = Table(
        "variant", "Spearman", "difference to plain", "without these", "median rank of these", title=title
    )
    for variant in VARIANTS:
        x, paired = scores[variant].to_numpy(), scores[["plain", variant]].to_numpy().T
        without = spearman(x[~starved], known["accuracy"].to_numpy()[~starved])
        rank = pd.Series(x).rank(pct=True)[starved].median()
        row = (interval(spearman, x, known), interval(difference, paired, known))
        table.add_row(variant, *row, f"{without:.3f}", f"{rank:.2f}")
    return table


def tracked(known: pd.DataFrame) -> Table:
    """Return the correlation of the tracked scores of plain networks, and what biases make of it.

    Networks in which a convolution reads zeros are put above all others, in their own order.
    """
    scores = zcrepro.scores(SPACE.name, TASK)
    fisher = scores[scores["draw"] == 0].set_index("arch")["fisher"].dropna()
    x, starved = fisher.to_numpy(), reads_zeros(fisher.index)
    table = Table("scores", "Spearman", title=f"{len(x)} architectures with tracked scores")
    table.add_row("plain", interval(spearman, x, known.loc[fisher.index]))
    table.add_row("these first", interval(spearman, x + starved * x.max(), known.loc[fisher.index]))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("scores", type=Path)
    parser.add_argument("--architectures", type=int, default=200)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    known = zcrepro.accuracies(SPACE.name, TASK, chosen.results)
    known = known[known["metric"] == "test"].drop_duplicates("arch").set_index("arch")
    texts = random_order(SPACE, known.index)[: chosen.architectures]
    scores = compute(texts, IMAGES.training([chosen.images]), chosen.scores)
    console = Console(width=120)
    console.print(variants(scores, known.loc[texts]))
    console.print(tracked(known))


if __name__ == "__main__":
    main()

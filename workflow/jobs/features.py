"""Jobs that compute our own proxies: the order of a problem, chunks of it, and their join.

A chunk covers the architectures from one place of the order up to another. How many these are follows from
what its pass costs. Chunks that exist already are kept, whatever their size is: new ones fill the gaps.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import static
from jobs.run import Run, Settings, Wildcards
from zcrepro import provenance

Span = tuple[int, int]
"""The place of the first architecture of a chunk, and the place behind its last one."""

CHUNK = re.compile(r"(\d+)-(\d+)\.parquet")

LARGEST = 4096  # architectures in a chunk: one of very cheap proxies is still small enough to be repeated
UNIT_BATCH = 64  # images of the forward pass whose cost is on record
OVERHEAD = 0.3  # forward passes: drawing the weights and moving the network
COSTS = "resources/costs.csv"
TYPICAL = ("nasbench201", "cifar10")
"""The problem whose forward pass stands for those that nobody has measured."""


@dataclass(frozen=True)
class Features:
    """The jobs of one run."""

    run: Run

    @cached_property
    def runs(self) -> dict[str, Mapping[str, Any]]:
        """What is computed of each problem."""
        return {run["problem"]: run for run in self.section["runs"]}

    def groups(self, problem: str) -> dict[str, list[str]]:
        """Return the proxies that are computed of a problem, by pass group."""
        return provenance.pass_groups(self._run_of(problem)["proxies"])

    @property
    def section(self) -> Mapping[str, Any]:
        """The section of the configuration."""
        found: Mapping[str, Any] = self.run.config["features"]
        return found

    @property
    def computed(self) -> list[str]:
        """The problems that are computed, not read from tracked shards."""
        return [problem for problem, run in self.runs.items() if not run["shards"]]

    def order(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that puts the architectures of a problem into their order."""
        among = self._run_of(_problem(wildcards))["among"]
        return {"space": wildcards.space, "task": wildcards.task, "among": among}

    def known(self, wildcards: Wildcards) -> str:
        """Return the table whose architectures are put into order."""
        return f"{self.run.results}/{self._run_of(_problem(wildcards))['among']}/{wildcards.space}.parquet"

    def structure(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that computes the structural counts of a space."""
        return {"space": wildcards.space}

    def images(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the images of a task."""
        return self.run.files(self.run.images_of(wildcards)["files"])

    def extract(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one chunk."""
        draw = int(wildcards.draw)
        return self.how() | {
            # The first draw redraws nothing, and need not be computed again when that changes.
            "redraw": self.section["redraw"] if draw else [],
            "draw": draw,
            "space": wildcards.space,
            "task": wildcards.task,
            "images": self.run.images_of(wildcards)["images"],
            "digests": list(self.run.digests(self.run.images_of(wildcards)["files"]).values()),
            "proxies": self.groups(_problem(wildcards))[wildcards.group],
            "start": int(wildcards.start),
            "stop": int(wildcards.stop),
            "pass_seconds": self.section["pass_seconds"],
            "device": self.run.config["device"],
            "torch_threads": self.run.config["torch_threads"],
        }

    def join(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that joins the chunks of a problem."""
        problem = _problem(wildcards)
        return self.how() | {
            "architectures": self.runs[problem]["architectures"],
            "draws": self.section["draws"],
            "shards": bool(self.runs[problem]["shards"]),
            "proxy_columns": [name for group in self.groups(problem).values() for name in group],
            "max_undefined_share": self.run.config["max_undefined_share"],
        }

    def chunks(self, wildcards: Wildcards) -> list[str]:
        """Return the chunks of a problem. If a tracked folder holds its scores, its files are the chunks."""
        problem = _problem(wildcards)
        shards = self.runs[problem]["shards"]
        if shards:
            return [str(self.run.here / shards / f"{group}.parquet") for group in self.groups(problem)]
        return self._paths("features", problem, range(self.section["draws"]))

    def timings(self, wildcards: Wildcards) -> list[str]:
        """Return the timing files of the chunks of draw 0 only: each draw costs the same."""
        return self._paths("timings", _problem(wildcards), range(1))

    def results(self) -> list[str]:
        """Return every file that is made to compute the features of the run."""
        spaces = self.run.accuracies(self.computed)
        made = [path for problem in self.computed for path in self._made(problem)]
        joined = self.run.scores("features", self.runs)
        return [*spaces, *self.run.orders(self.runs), *made, *joined]

    def _made(self, problem: str) -> list[str]:
        draws = range(self.section["draws"])
        chunks = [path for kind in ("features", "timings") for path in self._paths(kind, problem, draws)]
        return [*chunks, f"{self.run.results}/timings/{problem}.parquet"]

    def chunk_size(self, problem: str, group: str) -> int:
        """Return how many architectures take ``chunk_seconds``: a power of two, at least one."""
        space, _, task = problem.partition("/")
        forward = self._forwards.get((space, task)) or self._forwards[TYPICAL]
        seconds = forward * self.section["batch_size"] / UNIT_BATCH * (self._cost(group) + OVERHEAD)
        affordable = self.section["chunk_seconds"] / seconds
        return 1 << min(max(int(affordable), 1), LARGEST).bit_length() - 1

    def _run_of(self, problem: str) -> Mapping[str, Any]:
        """Return what is computed of a problem. Chunks of one without a run can be asked for, too."""
        return self.runs.get(problem) or {"among": "accuracies", "proxies": self.section["proxies"]}

    def how(self) -> dict[str, Any]:
        """Return the settings that decide a score besides its space, task, proxy and draw."""
        return {name: self.section[name] for name in static.options(provenance.STAGES["extract"])} | {
            "seed": self.run.config["seed"]
        }

    def _paths(self, kind: str, problem: str, draws: Iterable[int]) -> list[str]:
        total = self.runs[problem]["architectures"]
        return [
            f"{self.run.results}/{kind}/{problem}/draw-{draw}/{group}/{start}-{stop}.parquet"
            for group in self.groups(problem)
            for draw in draws
            for start, stop in partition(
                total,
                self.chunk_size(problem, group),
                spans_in(Path(f"{self.run.results}/features/{problem}/draw-{draw}/{group}")),
            )
        ]

    def _cost(self, group: str) -> float:
        """Return the cost of a pass in forward passes, as its file says."""
        text: str = static.attribute(f"{provenance.PASSES}.{group}", "cost")
        number, _, each = text.partition(" per ")
        return float(number) * (10 if each else 1)  # "per class": ten of them

    @cached_property
    def _forwards(self) -> dict[tuple[str, str], float]:
        """Seconds of a forward pass of 64 images on one core, by space and task."""
        with (self.run.here / COSTS).open(encoding="utf-8", newline="") as file:
            return {(row["space"], row["task"]): float(row["seconds"]) for row in csv.DictReader(file)}


def _problem(wildcards: Wildcards) -> str:
    return f"{wildcards.space}/{wildcards.task}"


def partition(total: int, size: int, done: Iterable[Span]) -> list[Span]:
    """Cover ``range(total)`` by the spans that are ``done`` and, between them, by new ones of ``size``.

    A span that is done is passed over if it overlaps one before it or reaches beyond ``total``.
    """
    kept: list[Span] = []
    for start, stop in sorted(done):
        if (kept[-1][1] if kept else 0) <= start < stop <= total:
            kept.append((start, stop))
    ends = [(0, 0), *kept, (total, total)]
    gaps = [(before[1], after[0]) for before, after in pairwise(ends)]
    new = [(place, min(place + size, stop)) for start, stop in gaps for place in range(start, stop, size)]
    return sorted([*kept, *new])


def spans_in(folder: Path) -> Sequence[Span]:
    """Return the spans of the chunks in a folder."""
    names = [CHUNK.fullmatch(path.name) for path in folder.glob("*.parquet")]
    return [(int(match[1]), int(match[2])) for match in names if match]

"""Jobs that compute our own proxies: the order of a problem, chunks of it, and their join.

A chunk covers the architectures from one place of the order up to another. How many these are follows from
what its pass costs. Chunks that exist already are kept, whatever their size is: new ones fill the gaps.

A problem has one table in ``features/``. A variant scores some of its architectures otherwise, for example on
other images, and has a folder of its own beside it, ``features-<variant>/``.
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
from jobs import costs
from jobs.run import ACCURACIES, Run, Settings, Wildcards
from zcrepro import provenance
from zcrepro.programs.names import is_program

Span = tuple[int, int]
"""The place of the first architecture of a chunk, and the place behind its last one."""

CHUNK = re.compile(r"(\d+)-(\d+)\.parquet")

LARGEST = 4096  # architectures in a chunk: one of very cheap proxies is still small enough to be repeated
UNIT_BATCH = 64  # images of the forward pass whose cost is on record
OVERHEAD = 0.3  # forward passes: drawing the weights and moving the network
CONDITIONS = "zcrepro.proxies.conditions"
"""The module of the options of all scores."""

PASS_OF_PROGRAMS = "layer_statistics"
"""The pass of all programs."""

PROGRAMS = "programs"
"""The group of the programs of a variant, published ones and those that have no file among the proxies."""

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

    @cached_property
    def tables(self) -> dict[str, Mapping[str, Any]]:
        """What is computed for each table, by its name: of each problem, and of the variants of problems."""
        plain = {f"features/{problem}": run for problem, run in self.runs.items()}
        variants = self.section["variants"]
        return plain | {f"features-{of['variant']}/{of['problem']}": of for of in variants}

    def groups(self, table: str) -> dict[str, list[str]]:
        """Return the proxies of a table by pass group; the programs of a variant are a group of their own."""
        run = self._run_of(table)
        groups = provenance.pass_groups(name for name in run["proxies"] if not is_program(name))
        if "variant" in run:
            published, others = groups.pop(PASS_OF_PROGRAMS, []), filter(is_program, run["proxies"])
            if programs := [*published, *others]:
                groups[PROGRAMS] = programs
        return groups

    @property
    def section(self) -> Mapping[str, Any]:
        """The section of the configuration."""
        found: Mapping[str, Any] = self.run.config["features"]
        return found

    @property
    def computed(self) -> list[str]:
        """The tables that are computed, not read from tracked shards."""
        return [table for table, run in self.tables.items() if not run["shards"]]

    @property
    def timed(self) -> list[str]:
        """The tables of the seconds that the passes of computed tables took."""
        return [_timings(table) for table in self.computed]

    def order(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that puts the architectures of a problem into their order."""
        return {
            "space": wildcards.space,
            "task": wildcards.task,
            "among": among(wildcards),
            "max_flops": self.run.config["spaces"][wildcards.space]["max_flops"],
        }

    def known(self, wildcards: Wildcards) -> str:
        """Return the table whose architectures are put into order."""
        return f"{self.run.results}/{among(wildcards)}/{wildcards.space}.parquet"

    def ordered(self, wildcards: Wildcards) -> str:
        """Return the order of the architectures of a table."""
        of = self._run_of(table_of(wildcards))
        return self.run.order(f"{wildcards.space}/{wildcards.task}", of["among"])

    def structure(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that computes the structural counts of a space."""
        return {"space": wildcards.space}

    def images(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the images of a chunk."""
        return self.run.files(self._images_of(wildcards)["files"])

    def extract(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one chunk."""
        return {**self.chunk(wildcards), "proxies": self.groups(table_of(wildcards))[wildcards.group]}

    def chunk(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one chunk, without its proxies."""
        draw = int(wildcards.draw)
        how = self._how(table_of(wildcards))
        images = self._images_of(wildcards)
        return how | {
            # The first draw redraws nothing, and need not be computed again when that changes.
            "redraw": how["redraw"] if draw else [],
            "draw": draw,
            "space": wildcards.space,
            "task": wildcards.task,
            "images": images["images"],
            "digests": list(self.run.digests(images["files"]).values()),
            "start": int(wildcards.start),
            "stop": int(wildcards.stop),
            "pass_seconds": self.section["pass_seconds"],
            "device": self.run.config["device"],
            "torch_threads": self.run.config["torch_threads"],
        }

    def join(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that joins the chunks of a table."""
        table = table_of(wildcards)
        groups = self.groups(table)
        return self._how(table) | {
            "architectures": self.tables[table]["architectures"],
            "draws": self._draws(table),
            "shards": bool(self.tables[table]["shards"]),
            "proxy_columns": [name for group in groups.values() for name in group],
            "programs": [*groups.get(PASS_OF_PROGRAMS, []), *groups.get(PROGRAMS, [])],
            "max_undefined_share": self.run.config["max_undefined_share"],
        }

    def chunks(self, wildcards: Wildcards) -> list[str]:
        """Return the chunks of a table. If a tracked folder holds its scores, its files are the chunks."""
        table = table_of(wildcards)
        shards = self.tables[table]["shards"]
        if shards:
            return [str(self.run.here / shards / f"{group}.parquet") for group in self.groups(table)]
        return self._paths(table, table, range(self._draws(table)))

    def timings(self, wildcards: Wildcards) -> list[str]:
        """Return the timing files of the chunks of draw 0 only: each draw costs the same."""
        return self._paths(_timings(table_of(wildcards)), table_of(wildcards), range(1))

    def results(self) -> list[str]:
        """Return every file that is made to compute the features of the run."""
        orders = [self.run.order(run["problem"], run["among"]) for run in self.tables.values()]
        spaces = self.run.accuracies(self.tables[table]["problem"] for table in self.computed)
        made = [path for table in self.computed for path in self._made(table)]
        joined = [f"{self.run.results}/{table}.parquet" for table in self.tables]
        return [*spaces, *orders, *made, *joined]

    def _made(self, table: str) -> list[str]:
        draws = range(self._draws(table))
        chunks = [path for folder in (table, _timings(table)) for path in self._paths(folder, table, draws)]
        return [*chunks, f"{self.run.results}/{_timings(table)}.parquet"]

    def chunk_size(self, table: str, group: str) -> int:
        """Return how many architectures take ``chunk_seconds``: a power of two, at least one."""
        affordable = self.section["chunk_seconds"] / self._seconds_on_device(table, group)
        return 1 << min(max(int(affordable), 1), LARGEST).bit_length() - 1

    def seconds(self, table: str, group: str) -> float:
        """Return about how many CPU seconds a pass group takes on one architecture of a table."""
        _, space, task = table.split("/")
        forward = self._forwards.get((space, task)) or self._forwards[TYPICAL]
        return forward * self._how(table)["batch_size"] / UNIT_BATCH * (self._cost(group) + OVERHEAD)

    def _seconds_on_device(self, table: str, group: str) -> float:
        """Return about how many seconds it takes on the configured device: those of a GPU where measured.

        On the CPU they stay estimates, because the names of the chunks that exist follow from these.
        """
        rule = "score_programs" if group == PROGRAMS else "extract"
        row = costs.of_output(
            costs.read(self.run.here / costs.JOB_COSTS), rule, f"{table}/draw-0/{group}/0-1.parquet"
        )
        on_gpu = row and self.run.config["device"] == "cuda" and row.measured_gpu_seconds
        return on_gpu or self.seconds(table, group)

    def _run_of(self, table: str) -> Mapping[str, Any]:
        """Return what is computed for a table. Chunks of one without a run can be asked for, too."""
        return self.tables.get(table) or {"among": ACCURACIES, "proxies": self.section["proxies"]}

    def _images_of(self, wildcards: Wildcards) -> Mapping[str, Any]:
        """Return the images of a chunk, and their files: those of the task unless a variant names others."""
        images = self._run_of(table_of(wildcards)).get("images")
        return {"images": images, "files": []} if images else self.run.images_of(wildcards)

    def _draws(self, table: str) -> int:
        draws: int = self._run_of(table).get("draws") or self.section["draws"]
        return draws

    def _how(self, table: str) -> dict[str, Any]:
        """Return the settings that decide a score besides its space, task, proxy and draw."""
        options = {name: self.section[name] for name in static.option_names(CONDITIONS)}
        return options | self._run_of(table).get("options", {}) | {"seed": self.run.config["seed"]}

    def _paths(self, folder: str, table: str, draws: Iterable[int]) -> list[str]:
        total = self.tables[table]["architectures"]
        return [
            f"{self.run.results}/{folder}/draw-{draw}/{group}/{start}-{stop}.parquet"
            for group in self.groups(table)
            for draw in draws
            for start, stop in partition(
                total,
                self.chunk_size(table, group),
                spans_in(Path(f"{self.run.results}/{table}/draw-{draw}/{group}")),
            )
        ]

    def _cost(self, group: str) -> float:
        """Return the cost of a pass in forward passes, as its file says."""
        of = PASS_OF_PROGRAMS if group == PROGRAMS else group
        text: str = static.attribute(f"{provenance.PASSES}.{of}", "cost")
        number, _, each = text.partition(" per ")
        return float(number) * (10 if each else 1)  # "per class": ten of them

    @cached_property
    def _forwards(self) -> dict[tuple[str, str], float]:
        """Seconds of a forward pass of 64 images on one core, by space and task."""
        with (self.run.here / COSTS).open(encoding="utf-8", newline="") as file:
            return {(row["space"], row["task"]): float(row["seconds"]) for row in csv.DictReader(file)}


def among(wildcards: Wildcards) -> str:
    """Return which architectures of a problem a job puts into order."""
    return wildcards.ordering.removeprefix("-") or ACCURACIES


def table_of(wildcards: Wildcards) -> str:
    """Return the name of the table that a job is about."""
    return f"features{wildcards.variant}/{wildcards.space}/{wildcards.task}"


def _timings(table: str) -> str:
    """Return the name of the table of timings beside a table of scores."""
    return table.replace("features", "timings", 1)


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

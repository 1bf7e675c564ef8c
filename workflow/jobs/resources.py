"""Derive the memory, time and GPUs that a rule requests from the measured cost of its jobs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jobs import costs
from jobs.costs import Cost
from jobs.evolution import Evolution
from jobs.features import CHUNK, Features
from jobs.live import SECONDS, Live
from jobs.run import Run, Wildcards

OF_SNAKEMAKE = 500  # MB: a job of a cluster runs Snakemake twice, outside and inside of the job's step
MEMORY_MARGIN = 1.5  # networks of one space differ, and few were measured
TIME_MARGIN = 4  # another processor, or one that others use too
OF_STARTING = 300  # seconds: importing torch from a file system that many jobs read
MEGABYTES = 100
"""Memory is rounded up to a multiple of this."""

Amount = Callable[[Wildcards, int], int]
"""An amount of a resource, by the wildcards of a job and the number of its attempt, from 1."""


@dataclass(frozen=True)
class Needs:
    """Resources that the jobs of one run request.

    A job asks for what such jobs were measured to need, with a margin. Each further attempt asks for twice as
    much, because a job that was killed for its memory or its time would be killed again. No job asks for
    more than ``limits`` of the configuration, since a scheduler refuses what no machine has.
    """

    run: Run

    def of(self, rule: str, output: str) -> dict[str, Amount | int]:
        """Return the resources of a rule.

        ``output`` is the pattern of that output of the rule that the file of costs names.
        """

        def memory(wildcards: Wildcards, attempt: int) -> int:
            return self.memory_mb(rule, output.format(**vars(wildcards)), attempt)

        def runtime(wildcards: Wildcards, attempt: int) -> int:
            return self.minutes(rule, output.format(**vars(wildcards)), attempt)

        return {"mem_mb": memory, "runtime": runtime, "gpu": self.gpus(rule)}

    def memory_mb(self, rule: str, output: str, attempt: int = 1) -> int:
        """Return the memory of a job in MB."""
        measured = self._cost(rule, output).memory_mb * self.processes(rule)
        asked = (measured * MEMORY_MARGIN + OF_SNAKEMAKE) * 2 ** (attempt - 1)
        return min(math.ceil(asked / MEGABYTES) * MEGABYTES, self.run.config["limits"]["mem_mb"])

    def minutes(self, rule: str, output: str, attempt: int = 1) -> int:
        """Return the time of a job in minutes, as ``runtime`` of Snakemake has it."""
        asked = (self.seconds(rule, output) * TIME_MARGIN + OF_STARTING) * 2 ** (attempt - 1)
        return min(math.ceil(asked / 60), self.run.config["limits"]["runtime"])

    def gpus(self, rule: str) -> int:
        """Return how many GPUs a job has: one if the rule can use it and the configuration says so."""
        can = any(row.uses_gpu for row in costs.of_rule(self.rows, rule))
        return int(can and self.run.config["device"] == "cuda")

    def processes(self, rule: str) -> int:
        """Return how many processes of a job share its GPU, and so its threads; 1 on the CPU."""
        processes: int = self.run.config["jobs_per_gpu"]
        return processes if self.gpus(rule) else 1

    def seconds(self, rule: str, output: str) -> float:
        """Return the seconds of a job on the configured device; those of the CPU if no others are known."""
        row = self._cost(rule, output)
        on_gpu = row.measured_gpu_seconds if self.gpus(rule) else None
        return self.units(row, output) * (row.cpu_seconds if on_gpu is None else on_gpu)

    def units(self, row: Cost, output: str) -> float:
        """Return how many units of work a job has, by the name of its output."""
        if live := SECONDS.fullmatch(self.name(output)):
            return self._units_of_live(row, live[1])
        parts = self.name(output).removesuffix(".json").split("/")
        match row.unit:
            case "job":
                return 1
            case "formula":
                return _individuals(Evolution(self.run).options(*parts[1:3]))
            case "program":
                return _individuals(self.run.config["programs"])
        start, stop = map(int, CHUNK.fullmatch(parts[-1]).groups())  # type: ignore[union-attr]
        if row.unit == "network":
            return stop - start
        *table, _, group, _ = parts
        return (stop - start) * self._features.seconds("/".join(table), group)

    def name(self, output: str) -> str:
        """Return the name of an output below the folder of the run."""
        return output.removeprefix(f"{self.run.results}/")

    def row(self, rule: str, output: str) -> Cost | None:
        """Return the row of the file of costs that fits an output, None if none does.

        Of the outputs of a job, only one fits a row. Of the rows of a live search, the dearest counts.
        """
        name = self.name(output)
        if rule != "live_search":
            return costs.of_output(self.rows, rule, name)
        fitting = [costs.of_output(self.rows, rule, each) for each in self._live.costed_as(name)]
        return max(
            filter(None, fitting), key=lambda row: self.units(row, output) * row.cpu_seconds, default=None
        )

    @cached_property
    def rows(self) -> tuple[Cost, ...]:
        """The rows of the file of costs."""
        return costs.read(self.run.here / costs.JOB_COSTS)

    @cached_property
    def _features(self) -> Features:
        return Features(self.run)

    @cached_property
    def _live(self) -> Live:
        return Live(self.run)

    def _units_of_live(self, row: Cost, name: str) -> float:
        match row.unit:
            case "job":
                return 1
            case "clock":
                return self._live.clock_seconds(name)
            case "evaluation":
                return self._live.evaluations(name)
        table = f"features/{self._live.of(name)['problem']}"
        seconds = sum(self._features.seconds(table, group) for group in self._live.passes(name))
        return self._live.evaluations(name) * seconds

    def _cost(self, rule: str, output: str) -> Cost:
        row = self.row(rule, output)
        if row is None:
            raise ValueError(f"{costs.JOB_COSTS} has no row of the rule {rule} that fits {self.name(output)}")
        return row


def _individuals(options: Mapping[str, Any]) -> float:
    """Return how many individuals an evolution judges; 1 of a method without such options."""
    return float(math.prod(options.get(name, 1) for name in ("population", "generations", "restarts")))

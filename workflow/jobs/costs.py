"""Read the measured cost of each job from resources/job_costs.csv.

Snakemake asks the scheduler of a cluster for what follows from them, ``make plan`` adds them up, and on a GPU
they decide how many architectures a chunk has. Only the standard library is imported here, because the
Snakefile is read by every job of a cluster.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

JOB_COSTS = "resources/job_costs.csv"

ESTIMATE, NOT_MEASURED = "estimate", "not measured"
"""A unit of work in the file, and what stands there in place of GPU seconds."""


@dataclass(frozen=True)
class Cost:
    """A row of the file.

    Attributes
    ----------
    rule, outputs
        The rule, and a pattern of the names of its outputs, below the folder of the run.
    unit
        What the seconds are of: a job, a network, a formula, a program, an evaluation of a live search, a
        second of its clock, or an estimated second.
    cpu_seconds
        Seconds of one core.
    gpu_seconds
        Seconds of one GPU as the file has them: empty if the job cannot use one, or NOT_MEASURED.
    memory_mb
        Peak resident memory of a job, MB.
    kilobytes
        Size of what it writes, kB.
    """

    rule: str
    outputs: str
    unit: str
    cpu_seconds: float
    gpu_seconds: str
    memory_mb: int
    kilobytes: float

    @property
    def uses_gpu(self) -> bool:
        """Whether the job runs on a GPU where the configuration says ``device: cuda``."""
        return self.gpu_seconds != ""

    @property
    def measured_gpu_seconds(self) -> float | None:
        """Seconds of one GPU, None if nobody has measured them."""
        return None if self.gpu_seconds in ("", NOT_MEASURED) else float(self.gpu_seconds)


@cache
def read(path: Path) -> tuple[Cost, ...]:
    """Return the rows of the file in their order."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return tuple(
            Cost(
                row["rule"],
                row["outputs"],
                row["unit"],
                float(row["cpu_seconds"]),
                row["gpu_seconds"],
                int(row["memory_mb"]),
                float(row["kilobytes"]),
            )
            for row in rows
        )


def of_rule(rows: tuple[Cost, ...], rule: str) -> list[Cost]:
    """Return the rows of a rule. Raises ValueError if there is none."""
    found = [row for row in rows if row.rule == rule]
    if not found:
        raise ValueError(f"{JOB_COSTS} does not say what a job of the rule {rule} costs")
    return found


def of_output(rows: tuple[Cost, ...], rule: str, name: str) -> Cost | None:
    """Return the first row of a rule that fits an output, None if none does.

    ``name`` is the output's path below the folder of the run. Of the outputs of a job, only one fits a row.
    """
    return next((row for row in of_rule(rows, rule) if fnmatch(name, row.outputs)), None)

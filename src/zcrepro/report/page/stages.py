"""What the stages of a run took, from the times and memory that Snakemake measured of each job.

Nothing else on the page differs between runs of equal settings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from zcrepro.files.text import read_text

COLUMNS = ("s", "cpu_time", "max_rss")
"""Of a job: elapsed seconds, CPU seconds of all its processes, and largest resident memory in MB."""


@dataclass(frozen=True)
class Stage:
    """The jobs of one stage. What was not measured, of jobs of less than a second, counts as zero."""

    name: str
    jobs: int
    cpu_seconds: float
    seconds: float
    longest: float
    megabytes: float


def stages(benchmarks: Path | None) -> list[Stage]:
    """Return the stages of a run, the most expensive first.

    Parameters
    ----------
    benchmarks
        The folder of Snakemake's ``benchmark`` files. The first folder below it, or the name of the file, is
        the stage, without the variant behind its hyphen. None, or a folder that is not there, has no stage.
    """
    files = sorted(benchmarks.rglob("*.tsv")) if benchmarks else []
    jobs = [(path.relative_to(benchmarks).parts[0], _measured(path)) for path in files if benchmarks]
    by_stage: dict[str, list[pd.Series]] = {}
    for name, job in jobs:
        by_stage.setdefault(name.removesuffix(".tsv").partition("-")[0], []).append(job)
    found = [_stage(name, measured) for name, measured in by_stage.items()]
    return sorted(found, key=lambda stage: (-stage.cpu_seconds, stage.name))


def _measured(path: Path) -> pd.Series:
    """Return COLUMNS of a job, 0 where they were not measured: the file of a killed job may be empty."""
    heading, *rows = [line.split("\t") for line in read_text(path).splitlines()] or [[]]
    row = dict(zip(heading, rows[-1], strict=False)) if rows else {}
    return pd.to_numeric(pd.Series([row.get(name) for name in COLUMNS], COLUMNS), errors="coerce").fillna(0)


def _stage(name: str, jobs: Iterable[pd.Series]) -> Stage:
    table = pd.DataFrame(list(jobs))
    seconds, cpu, memory = (table[column] for column in COLUMNS)
    return Stage(name, len(table), cpu.sum(), seconds.sum(), seconds.max(), memory.max())

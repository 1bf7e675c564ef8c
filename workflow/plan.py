"""Print what a run has still to do: ``python workflow/plan.py [TARGET ...] [--configfile FILE ...]``.

Snakemake plans the run. Its list of outputs (``--summary``) says which of them are to be made, so that what
is done is left out. What a job costs was measured: resources/job_costs.csv has the figures and says how.
"""

import argparse
import math
import subprocess
import sys
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from snakemake.utils import update_config  # type: ignore[import-untyped]

from defaults import with_defaults
from jobs.costs import ESTIMATE, NOT_MEASURED, Cost
from jobs.resources import Needs
from jobs.run import Run
from schema import completed, read_schema
from zcrepro.fetching.datasets import read_datasets
from zcrepro.files.yaml import read_yaml

HERE = Path(__file__).parent.parent

COLUMNS = ("place", "rule", "cpu", "estimated", "gpu", "gpu_seconds", "download", "kilobytes")
"""Of a job: its row in the file of costs, its rule, CPU seconds and how many of them are estimated, GPU
seconds (NaN if there are none) and what the file says of them, bytes to download, kilobytes it writes."""

Files = Sequence[Path]


def main() -> None:
    """Print the stages of a run that are not done, and what they cost."""
    parser = argparse.ArgumentParser(description="Print what a run has still to do, and what it costs.")
    parser.add_argument("targets", nargs="*", help="papers, tables or files; the whole run if none is named")
    parser.add_argument("--configfile", nargs="+", default=[], type=Path, metavar="FILE")
    asked = parser.parse_args()
    outputs = pending(asked.targets, asked.configfile)
    show(Costs(configured(asked.configfile)).of_jobs(outputs))


def pending(targets: Sequence[str], configfiles: Files) -> list[tuple[str, str]]:
    """Return the rule and the path of each output that Snakemake would make.

    If it cannot plan the run, its own message is printed and the program exits.
    """
    command = [sys.executable, "-m", "snakemake", *targets, "--snakefile", str(HERE / "Snakefile")]
    command += ["--configfile", *map(str, configfiles)] if configfiles else []
    done = subprocess.run([*command, "--summary", "--nocolor"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    outputs = pd.read_csv(StringIO(done.stdout), sep="\t", dtype=str)
    outputs = outputs[outputs["plan"] == "update pending"]
    return list(zip(outputs["rule"], outputs["output_file"], strict=True))


def configured(files: Files) -> dict[str, Any]:
    """Return the configuration as the Snakefile completes it."""
    config: dict[str, Any] = {}
    for path in (HERE / "config/benchmarks.yaml", HERE / "config/config.yaml", *files):
        update_config(config, read_yaml(path))
    return with_defaults(completed(config, read_schema(HERE / "workflow/schemas/config.schema.yaml")))


class Costs:
    """What the jobs of a run cost."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.run = Run(config, HERE, read_datasets(*(HERE / name for name in config["datasets"])))
        self._needs = Needs(self.run)

    def of_jobs(self, outputs: Iterable[tuple[str, str]]) -> pd.DataFrame:
        """Return a row per job, in the order of the rules in the file of costs.

        Of the outputs of a job, only one fits a row of that file. Raises ValueError if a rule has no row.
        """
        rows = self._needs.rows
        fitting = ((path, self._needs.row(rule, path)) for rule, path in outputs)
        found = [self._of_job(path, rows.index(row), row) for path, row in fitting if row]
        return pd.DataFrame(found, columns=COLUMNS).sort_values("place", kind="stable")

    def _of_job(self, path: str, place: int, row: Cost) -> tuple[Any, ...]:
        units = self._needs.units(row, path)
        estimated = units * row.cpu_seconds if row.unit == ESTIMATE else 0.0
        on_gpu = row.measured_gpu_seconds
        gpu = math.nan if on_gpu is None else units * on_gpu
        fetched = self.run.datasets.get(path.removeprefix("data/"))
        size = fetched["bytes"] or math.nan if fetched else 0
        return place, row.rule, units * row.cpu_seconds, estimated, gpu, row.gpu_seconds, size, row.kilobytes


def show(jobs: pd.DataFrame) -> None:
    """Print a line per rule, the totals, and what is not known."""
    console = Console()
    if jobs.empty:
        console.print("Nothing to be done.")
        return
    table = Table("stage", *("jobs", "CPU hours", "or GPU hours", "download", "disk"))
    for column in table.columns[1:]:
        column.justify = "right"
    for rule, of in jobs.groupby("rule", sort=False):
        table.add_row(str(rule), *_cells(of))
    table.add_section()
    table.add_row("total", *_cells(jobs))
    console.print(table)
    cpu, estimated = jobs["cpu"].sum() / 3600, jobs["estimated"].sum() / 3600
    lines = [
        f"On 2 cores: about {cpu / 2:.1f} hours. Of the {cpu:.1f} CPU hours, {estimated:.1f} are estimated "
        "from a forward pass of the space, and the others from measured jobs."
    ]
    if unknown := (jobs["gpu_seconds"] == NOT_MEASURED).sum():
        lines.append(f"{unknown:,} jobs can use a GPU (device: cuda), on which nobody has measured them.")
    if unknown := jobs["download"].isna().sum():
        lines.append(f"The sizes of {unknown} files to download were not published.")
    console.print("\n".join(lines), soft_wrap=True)


def _cells(jobs: pd.DataFrame) -> list[str]:
    measured = jobs["gpu"].notna()
    gpu = f"{jobs['gpu'].sum() / 3600:.1f} ({measured.sum():,} jobs)" if measured.any() else ""
    unmeasured = NOT_MEASURED if (jobs["gpu_seconds"] == NOT_MEASURED).any() else ""
    disk = jobs["download"].sum() + 1000 * jobs["kilobytes"].sum()
    return [
        f"{len(jobs):,}",
        f"{jobs['cpu'].sum() / 3600:.1f}",
        gpu or unmeasured,
        f"{jobs['download'].sum() / 1e6:,.0f} MB",
        f"{disk / 1e6:,.1f} MB",
    ]


if __name__ == "__main__":
    main()

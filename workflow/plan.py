"""Print what a run has still to do: ``python workflow/plan.py [TARGET ...] [--configfile FILE ...]``.

Snakemake plans the run. Its list of outputs (``--summary``) says which of them are to be made, so that what
is done is left out. What a job costs was measured: resources/job_costs.csv has the figures and says how.
"""

import argparse
import math
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from io import StringIO
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd
from rich.console import Console
from rich.table import Table
from snakemake.utils import update_config  # type: ignore[import-untyped]

from defaults import with_defaults
from jobs.evolution import Evolution
from jobs.features import CHUNK, Features
from jobs.run import Run, Wildcards
from schema import completed, read_schema
from zcrepro.fetching.datasets import read_datasets
from zcrepro.files.csv import read_csv
from zcrepro.files.yaml import read_yaml

HERE = Path(__file__).parent.parent
COSTS = HERE / "resources/job_costs.csv"

ESTIMATE, NOT_MEASURED = "estimate", "not measured"
"""A unit of work in the file of costs, and what stands there in place of GPU seconds."""

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
        rows = read_csv(COSTS, comment="#", dtype={"gpu_seconds": str}, keep_default_na=False)
        self.rows = list(rows.itertuples(index=False))

    def of_jobs(self, outputs: Iterable[tuple[str, str]]) -> pd.DataFrame:
        """Return a row per job, in the order of the rules in the file of costs.

        Of the outputs of a job, only one fits a row of that file. Raises ValueError if a rule has no row.
        """
        found = []
        for rule, path in outputs:
            rows = [(place, row) for place, row in enumerate(self.rows) if row.rule == rule]
            if not rows:
                raise ValueError(f"{COSTS} does not say what a job of the rule {rule} costs")
            name = path.removeprefix(f"{self.run.results}/")
            fitting = ((place, row) for place, row in rows if fnmatch(name, str(row.outputs)))
            found += [self._of_job(name, *each) for each in islice(fitting, 1)]
        return pd.DataFrame(found, columns=COLUMNS).sort_values("place", kind="stable")

    def _of_job(self, name: str, place: int, row: Any) -> tuple[Any, ...]:
        units = self._units(row.unit, name)
        estimated = units * row.cpu_seconds if row.unit == ESTIMATE else 0.0
        gpu = math.nan if row.gpu_seconds in ("", NOT_MEASURED) else units * float(row.gpu_seconds)
        fetched = self.run.datasets.get(name.removeprefix("data/"))
        size = fetched["bytes"] or math.nan if fetched else 0
        return place, row.rule, units * row.cpu_seconds, estimated, gpu, row.gpu_seconds, size, row.kilobytes

    def _units(self, unit: str, name: str) -> float:
        """Return how many units of work a job has, by the name of its output."""
        parts = name.removesuffix(".json").split("/")
        match unit:
            case "job":
                return 1
            case "formula":
                return _individuals(self._evolution(*parts[1:]))
            case "program":
                return _individuals(self.run.config["programs"])
        start, stop = map(int, CHUNK.fullmatch(parts[-1]).groups())  # type: ignore[union-attr]
        if unit == "network":
            return stop - start
        *table, _, group, _ = parts
        return (stop - start) * Features(self.run).seconds("/".join(table), group)

    def _evolution(self, method: str, training_set: str, seed: str) -> Mapping[str, Any]:
        wildcards = SimpleNamespace(method=method, training_set=training_set, seed=seed.removeprefix("seed-"))
        found: Mapping[str, Any] = Evolution(self.run).evolve(cast(Wildcards, wildcards))["options"]
        return found


def _individuals(options: Mapping[str, Any]) -> float:
    """Return how many individuals an evolution with these options judges."""
    return float(options["population"] * options["generations"] * options.get("restarts", 1))


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

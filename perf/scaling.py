"""Measure Snakemake on runs of any size: ``python perf/scaling.py``, or only one of ``run plan``.

run
    Runs the real DAG of extraction on many slots, where each stage is replaced by one that sleeps and makes
    empty files: the time until all jobs are done, and how much of it is Snakemake's.
plan
    A dry run of many jobs.

Sizes are options: ``--jobs 10000 --slots 64 --seconds 20 --planned 100000`` are the defaults, which take an
hour on an idle machine of two cores. A job of a real run lasts minutes (``features.chunk_seconds``), so that
the share of Snakemake is smaller there. On a cluster the jobs' own machines sample what memory they take, so
that nothing is sampled here.
"""

import argparse
import math
import os
import re
import stat
import sys
import sysconfig
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from scale import ROOT, Measurement, run

STAND_IN = """\
#!/bin/bash
# Stands for every stage: sleeps, and makes its outputs.
for word; do
  case "$option" in
    --output | --timings | --csv | --markdown | --latex) touch "$word" ;;
  esac
  option="$word"
done
sleep {seconds}
"""

UNSAMPLED = """\
import snakemake.benchmark
snakemake.benchmark.BENCHMARK_INTERVAL_SHORT = snakemake.benchmark.BENCHMARK_INTERVAL = 3600
"""
"""Keeps Snakemake from reading the table of processes once a second for each job."""

CONFIG = """\
run: scaling
features:
  variants:
    - variant: many
      problem: embedded_cell/digits
      architectures: {architectures}
      proxies: [suite_zero]
      draws: {draws}
  chunk_seconds: 1.0e-6  # one architecture per job
"""
"""Laid over the quickstart. Nothing is scored, so that there may be more architectures than the space has."""

QUICKSTART = ROOT / "config/quickstart.yaml"

GROUPS = 4
"""Passes of the 13 proxies, each with jobs of its own."""

MOST = 15_625
"""Architectures per draw."""

TABLE = "results/scaling/features-many/embedded_cell/digits.parquet"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="Measure Snakemake on runs of any size.")
    parser.add_argument("part", nargs="?", default="both", choices=["run", "plan", "both"])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each job lasts")
    parser.add_argument("--planned", type=int, default=100_000, help="jobs of the dry run")
    asked = parser.parse_args()
    table = Table("", "seconds", "CPU seconds", "MB", "jobs alone", "share of Snakemake")
    if asked.part in ("run", "both"):
        measured, alone = slots(asked.jobs, asked.slots, asked.seconds)
        share = (measured.seconds - alone) / measured.seconds
        table.add_row(*_cells(measured), f"{alone:.0f} s", f"{share:.1%}")
    if asked.part in ("plan", "both"):
        table.add_row(*_cells(plan(asked.planned)), "", "")
    Console().print(table)


def slots(jobs: int, slots: int, seconds: float) -> tuple[Measurement, float]:
    """Return the measurement of a run of about so many jobs, and the seconds of its jobs alone."""
    options = ["--cores", str(slots), "--quiet", "rules", "host", "reason"]
    with tempfile.TemporaryDirectory() as name:
        measured, printed = run("", [*snakemake(Path(name), jobs, seconds), *options], Path(name))
    done = int(re.findall(r"(\d+) of \d+ steps", printed)[-1])
    # Beside the chunks, a chain: the accuracies, their order, and the join at the end.
    chain = 3
    alone = (math.ceil((done - chain) / slots) + chain) * seconds
    return replace(measured, what=f"{done:,} jobs of {seconds:g} s on {slots} slots"), alone


def plan(jobs: int) -> Measurement:
    """Return the measurement of a dry run of about so many jobs."""
    options = ["--cores", "1", "--dry-run", "--nocolor"]
    with tempfile.TemporaryDirectory() as name:
        measured, printed = run("", [*snakemake(Path(name), jobs, 0), *options], Path(name))
    planned = int(re.findall(r"^total\s+(\d+)", printed, flags=re.MULTILINE)[0])
    return replace(measured, what=f"dry run of {planned:,} jobs")


def snakemake(folder: Path, jobs: int, seconds: float) -> list[str]:
    """Return the command of Snakemake for about so many jobs, whose stages sleep.

    The rules take ``zcrepro`` from beside the Python that Snakemake runs with. So that one is a link in
    ``folder``, with a stand-in beside it.
    """
    draws = math.ceil(jobs / (GROUPS * MOST))
    architectures = max(jobs // (GROUPS * draws), 1)
    (folder / "config.yaml").write_text(CONFIG.format(architectures=architectures, draws=draws))
    programs = folder / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    stand_in = programs / "zcrepro"
    stand_in.write_text(STAND_IN.format(seconds=seconds))
    stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
    (programs / "sitecustomize.py").write_text(UNSAMPLED)
    # The link has another folder of packages than Python itself.
    folders = [programs, ROOT / "src", sysconfig.get_path("purelib")]
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    where = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(QUICKSTART), "config.yaml"]
    return [str(programs / "python"), "-m", "snakemake", TABLE, *where]


def _cells(measured: Measurement) -> list[str]:
    numbers = (f"{number:.0f}" for number in (measured.seconds, measured.cpu, measured.megabytes))
    return [measured.what, *numbers]


if __name__ == "__main__":
    main()

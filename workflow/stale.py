"""Print the files of a run that are stale: ``python workflow/stale.py [--configfile FILE ...] [--delete]``.

A file below ``results/<run>/`` is stale if no target of the configuration makes it, reads it, or writes it
as a log: chunks of proxies that are no longer asked for, or of sizes that others cover, settings and logs of
jobs that are no longer in the run, tables that were taken out. It is deleted only with ``--delete``.

Snakemake says what a run consists of, in a dry run of all its jobs.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from plan import HERE, configured

FILES = re.compile(r"^    (?:input|output|log|benchmark): (.+)$", flags=re.MULTILINE)
LIST = re.compile(r"@(\S+)")
"""The name of a list of files in a command; see ``listed`` in workflow/jobs/parameters.py."""

LOCKS = Path(".snakemake/locks")
PARTIAL, JOURNAL = ".partial", ".journal"
"""Ends of the names of what a running job writes: a temporary file, and the journal beside an output."""


def main() -> None:
    """Print what is stale, and delete it if the command says so."""
    parser = argparse.ArgumentParser(description="Print the files of a run that are stale.")
    parser.add_argument("--configfile", nargs="+", default=[], type=Path, metavar="FILE")
    parser.add_argument("--delete", action="store_true", help="delete them, not only print them")
    asked = parser.parse_args()
    folder = Path("results") / configured(asked.configfile)["run"]
    found = stale(folder, members(asked.configfile))
    if asked.delete:
        check_idle()
    size = sum(path.stat().st_size for path in found)
    for path in found:
        print(f"{'removed' if asked.delete else 'would remove'} {path}")
        if asked.delete:
            path.unlink()
    if asked.delete:
        remove_empty_folders(folder)
    rest = "" if asked.delete or not found else "; add --delete to delete them"
    print(f"{len(found):,} stale files of {folder}, {size / 1e6:,.1f} MB{rest}")


def members(configfiles: Sequence[Path]) -> set[Path]:
    """Return every file that a target of a configuration makes, reads, or writes as a log."""
    targets = _snakemake("--list-target-rules", configfiles).split()
    printed = _snakemake("--dry-run", configfiles, *targets, "--forceall", "--printshellcmds")
    named = [name for files in FILES.findall(printed) for name in files.split(", ")]
    return {Path(name) for name in (*named, *LIST.findall(printed))}


def stale(folder: Path, members: set[Path]) -> list[Path]:
    """Return the files in ``folder`` that are none of ``members``, sorted.

    Temporary files are left out, and so are journals of evolutions that the run has still to finish.
    """
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path not in members and not _is_of_a_job(path, members)
    )


def check_idle() -> None:
    """Exit with a message if a run holds the lock of Snakemake."""
    if LOCKS.is_dir() and any(LOCKS.iterdir()):
        sys.exit(
            "Snakemake is running in this folder, or was killed, and nothing was deleted: wait until it has "
            "ended, or say snakemake --unlock if it was killed"
        )


def remove_empty_folders(folder: Path) -> None:
    """Remove the folders in ``folder`` that hold nothing."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _is_of_a_job(path: Path, members: set[Path]) -> bool:
    if path.suffix == JOURNAL:
        return path.with_name(path.name.removeprefix(".").removesuffix(JOURNAL)) in members
    return path.suffix == PARTIAL


def _snakemake(option: str, configfiles: Sequence[Path], *words: str) -> str:
    command = [sys.executable, "-m", "snakemake", *words, "--snakefile", str(HERE / "Snakefile"), option]
    command += ["--configfile", *map(str, configfiles)] if configfiles else []
    done = subprocess.run([*command, "--cores", "1", "--nocolor"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    return done.stdout


if __name__ == "__main__":
    main()

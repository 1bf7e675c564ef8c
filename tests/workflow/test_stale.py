"""Files of a run that its configuration no longer makes or reads."""

import shutil
import subprocess
import sys

import pytest

from stale import stale

pytestmark = pytest.mark.workflow


def run_stale(workflow, *arguments, ok=True):
    """Run the command in a workflow's copy, and return what it printed."""
    files = [str(workflow.folder / name) for name in ("config/quickstart.yaml", "tiny.yaml")]
    done = subprocess.run(
        [sys.executable, str(workflow.folder / "workflow/stale.py"), "--configfile", *files, *arguments],
        cwd=workflow.folder,
        env=workflow.environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode == 0) == ok, done.stderr
    return done.stdout + done.stderr


def named(printed):
    """Return the paths that the command names, below the folder of the run."""
    lines = [line for line in printed.splitlines() if line.startswith(("would remove ", "removed "))]
    return {line.split()[-1].removeprefix("results/tiny/") for line in lines}


def test_what_a_run_no_longer_makes_is_named_first_and_deleted_only_when_asked_for(workflow):
    for path in (
        "settings/notes.txt",
        "tables/older.csv",
        "features/embedded_cell/digits/draw-0/zen/4-12.parquet",
    ):
        shutil.copy(workflow.results / "tables/generalization.csv", workflow.results / path)
    before = workflow.contents()
    workflow.configure(features={"proxies": ["params", "l2_norm", "synflow"]})
    found = named(run_stale(workflow))
    assert workflow.contents().keys() >= before.keys()
    zen = "embedded_cell/digits/draw-0/zen"
    assert {
        f"features/{zen}/0-8.parquet",
        f"features/{zen}/4-12.parquet",  # it overlaps others
        f"timings/{zen}/0-8.parquet",
        f"logs/extract/{zen}/0-8.log",
        f"benchmarks/extract/{zen}/0-8.tsv",
        "settings/notes.txt",
        "tables/older.csv",
    } <= found
    assert "features/embedded_cell/digits/draw-0/synflow/0-30.parquet" not in found
    planned = workflow.planned()
    assert named(run_stale(workflow, "--delete")) == found
    assert not [path for path in found if (workflow.results / path).exists()]
    assert not (workflow.results / "features" / zen).exists()
    assert workflow.planned() == planned  # nothing that the run needs is gone
    assert named(run_stale(workflow)) == set()


def test_nothing_of_a_finished_run_is_stale(workflow):
    assert "0 stale files of results/tiny" in run_stale(workflow, "--delete")
    assert workflow.planned() == {}


def test_nothing_is_deleted_while_snakemake_runs(workflow):
    older = workflow.results / "tables/older.csv"
    older.touch()
    lock = workflow.folder / ".snakemake/locks/0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.touch()
    assert "nothing was deleted: wait until it has ended" in run_stale(workflow, "--delete", ok=False)
    assert older.exists()


def test_what_a_running_job_writes_is_not_stale(tmp_path):
    formula = tmp_path / "seed-0.json"
    for name in (
        ".seed-0.json.journal",
        ".seed-9.json.journal",
        ".seed-0.json.host-1.partial",
        "seed-9.json",
    ):
        (tmp_path / name).touch()
    assert [path.name for path in stale(tmp_path, {formula})] == [".seed-9.json.journal", "seed-9.json"]

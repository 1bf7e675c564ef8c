"""Faults of a run, after which the documented commands end in the bytes of an undisturbed one."""

import os
import signal
import subprocess
import time

import numpy as np
import psutil
import pytest

from tiny import TESTED, Workflow

pytestmark = pytest.mark.workflow

PATIENCE = 1800.0
"""Seconds in which anything that is waited for must have come."""


class Killed:
    """A run that is killed at some moment, if it has not ended before."""

    def __init__(self, workflow):
        self._workflow = workflow
        self._log = (workflow.folder / "killed.log").open("a")
        self._snakemake = subprocess.Popen(
            workflow.command(),
            cwd=workflow.folder,
            env=workflow.environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self, victim, results):
        """Kill a victim as soon as so many more results are there and a job runs; return whether it was killed."""
        job = self.job(results)
        return job is not None and self._kill(victim, job)

    def job(self, results):
        """Return a running job as soon as so many more results are there, or None if there is none any more."""
        wanted = len(self._workflow.made()) + results
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._snakemake.poll() is None:
            jobs = self._jobs()
            if jobs and len(self._workflow.made()) >= wanted:
                return jobs[0]
            time.sleep(0.1)
        return None

    def end(self):
        """Wait until Snakemake has ended, by itself or killed, and return its exit status."""
        self._log.close()
        return self._snakemake.wait(timeout=PATIENCE)

    def _kill(self, victim, job):
        match victim:
            case "job":
                job.kill()
            case "snakemake":
                self._snakemake.kill()  # its jobs go on as orphans, as after a lost terminal
            case "group":
                os.killpg(self._snakemake.pid, signal.SIGKILL)
        return True

    def _jobs(self):
        """Return the running stages."""
        try:
            started = psutil.Process(self._snakemake.pid).children(recursive=True)
            return [process for process in started if {"stage", "--settings-file"} <= set(process.cmdline())]
        except psutil.NoSuchProcess:
            return []


def kill_and_recover(workflow, victim, results):
    """Kill a victim during a run and leave the workflow as after the documented command; return whether it was."""
    run = Killed(workflow)
    killed = run.kill(victim, results)
    run.end()
    if killed and victim != "job":
        assert "Directory cannot be locked" in workflow.snakemake(ok=False)
        workflow.snakemake("--unlock")
    return killed


def test_a_run_whose_jobs_and_snakemake_are_killed_ends_in_the_same_bytes(finished, fresh):
    for victim, results in (("job", 3), ("snakemake", 8), ("group", 6)):
        assert kill_and_recover(fresh, victim, results)
        assert not (fresh.results / "report.html").exists()
    assert "rule evolve" in (fresh.folder / "killed.log").read_text()
    fresh.snakemake()
    assert fresh.contents() == finished.contents()
    assert fresh.planned() == {}


def test_a_second_run_in_the_same_folder_is_refused_and_disturbs_nothing(workflow):
    before = workflow.contents()
    (workflow.results / "generalization/srgp.parquet").unlink()
    first = Killed(workflow)
    job = first.job(results=0)
    job.suspend()  # so that the first run lasts until the second one has begun
    assert "Directory cannot be locked" in workflow.snakemake(ok=False)
    job.resume()
    assert first.end() == 0
    assert workflow.contents() == before


SLOW = """\
#!/bin/bash
# Hides a new file for some seconds, as a network file system may.
cat > "$1"
new=results/tiny/generalization/srgp.parquet
if [ -e "$new" ]; then
  mv "$new" hidden
  (sleep 4; mv hidden "$new") < /dev/null > /dev/null 2>&1 &
fi
"""


def test_a_file_that_shows_late_is_waited_for_as_long_as_latency_wait_says(workflow, tmp_path):
    table = workflow.results / "generalization/srgp.parquet"
    before = table.read_bytes()
    tee = tmp_path / "tee"  # the last program of each command
    tee.write_text(SLOW)
    tee.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def run(seconds, ok):
        table.unlink(missing_ok=True)
        name = str(table.relative_to(workflow.folder))
        return workflow.snakemake(name, "--latency-wait", seconds, ok=ok, variables=path)

    said = run("1", ok=False).replace("\n", " ")
    assert "consider to increase the wait time with --latency-wait" in said
    time.sleep(5)
    run("30", ok=True)
    assert table.read_bytes() == before


@pytest.mark.faults
def test_ten_kills_at_random_moments_change_no_byte(tmp_path):
    rng = np.random.default_rng(10)
    undisturbed = Workflow(tmp_path / "undisturbed", TESTED)
    undisturbed.snakemake()
    whole = undisturbed.contents()
    disturbed = Workflow(tmp_path / "disturbed", TESTED)
    each = len(whole) // 12  # so that the run lasts for ten kills
    for _ in range(10):
        victim = str(rng.choice(["job", "snakemake", "group"]))
        assert kill_and_recover(disturbed, victim, int(rng.integers(1, each + 1)))
    disturbed.snakemake()
    assert disturbed.contents() == whole
    assert disturbed.planned() == {}
    assert not list(disturbed.results.rglob("*.partial"))

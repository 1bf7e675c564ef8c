"""The workflow on a real Slurm, through profiles/slurm: jobs that run out of memory, are cancelled, or lose their node."""

import re
import signal
import subprocess
import time

import numpy as np
import pytest

pytestmark = pytest.mark.cluster

SOON = ["--slurm-init-seconds-before-status-checks", "3", "--seconds-between-status-checks", "3"]
"""A run of minutes is asked for its jobs more often than the profile says."""

PATIENCE = 1200.0
"""Seconds in which anything that is waited for must have come."""


class Submitted:
    """Snakemake, which submits a workflow's jobs to Slurm and prints to ``log``."""

    def __init__(self, workflow):
        self.log = workflow.folder / "log.txt"
        with self.log.open("a") as log:
            self._process = subprocess.Popen(
                workflow.command("--profile", "profiles/slurm", *SOON),
                cwd=workflow.folder,
                env=workflow.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def until(self, condition):
        """Wait until a condition holds, and return what it gave."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if found := condition():
                return found
            assert self._process.poll() is None, self.log.read_text()[-6000:]
            time.sleep(0.5)
        raise AssertionError(f"waited for {PATIENCE:.0f} s:\n{self.log.read_text()[-6000:]}")

    def says(self, pattern):
        """Return the first match of a pattern in what Snakemake printed."""
        return re.search(pattern, self.log.read_text())

    def has_locked(self):
        """Return whether the folder is locked: before that, there is nothing that a kill could leave behind."""
        return any((self.log.parent / ".snakemake/locks").glob("*"))

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def name_of_jobs(self):
        """Return the name that all jobs of this run have in the queue."""
        return re.findall(r"SLURM run ID: (\S+)", self.log.read_text())[-1]

    def end(self):
        """Wait for the end, and return the exit status."""
        return self._process.wait(timeout=PATIENCE)


def believe_that_it_needs_little(workflow, rule):
    """Falsify the measured memory of a rule's jobs in the copy of the file of costs."""
    path = workflow.folder / "resources/job_costs.csv"
    changed = re.sub(rf"^({rule},(?:[^,]*,){{4}})\d+", r"\g<1>1", path.read_text(), flags=re.MULTILINE)
    assert changed != path.read_text()
    path.write_text(changed)


def extracting(cluster):
    """Return the numbers of the running jobs that extract, sorted."""
    return sorted(job for job, what in cluster.jobs("RUNNING").items() if what.startswith("rule_extract"))


def test_a_run_with_faults_of_every_kind_ends_in_the_bytes_of_a_local_run(cluster, local, fresh):
    believe_that_it_needs_little(fresh, "evolve_program")
    run = Submitted(fresh)

    # Of its two attempts, the first has 600 MB and is killed.
    run.until(lambda: run.says(r"Error in rule evolve_program"))
    assert run.until(lambda: run.says(r"Trying to restart job \d+"))
    run.until(lambda: run.says(r"rule evolve_program:(?:\n .*)*mem_mb=1100"))

    cancelled = run.until(lambda: extracting(cluster))[0]
    cluster.output("scancel", cancelled)
    run.until(lambda: run.says(rf"SLURM job '?{cancelled}'? failed|SLURM status is: 'CANCELLED'"))

    lost = run.until(lambda: [job for job in extracting(cluster) if cluster.node_of(job) == "two"])[0]
    cluster.output("scontrol", "update", "NodeName=two", "State=DOWN", "Reason=lost")
    run.until(lambda: run.says(r"SLURM status is: 'NODE_FAIL'"))
    cluster.output("scontrol", "update", "NodeName=two", "State=RESUME")
    assert lost not in cluster.jobs("RUNNING")

    # Its jobs go on without it, and the next run may start the same ones beside them.
    run.until(
        lambda: (fresh.results / "features/embedded_cell/digits.parquet").exists() and cluster.jobs("RUNNING")
    )
    run.kill()
    assert "Directory cannot be locked" in fresh.snakemake("--profile", "profiles/slurm", ok=False)
    fresh.snakemake("--unlock")
    assert Submitted(fresh).end() == 0, (fresh.folder / "log.txt").read_text()[-6000:]

    assert fresh.contents() == local.contents()
    assert fresh.planned() == {}
    assert not list(fresh.results.rglob("*.partial"))


@pytest.mark.faults
def test_ten_kills_at_random_moments_change_no_byte(cluster, local, fresh):
    rng = np.random.default_rng(10)
    each = len(local.made()) // 12  # so that the run lasts for ten kills
    run = Submitted(fresh)
    for _ in range(10):
        victim, results = str(rng.choice(["job", "snakemake", "all"])), int(rng.integers(1, each + 1))
        wanted = len(fresh.made()) + results
        run.until(run.has_locked)
        running = run.until(lambda wanted=wanted: len(fresh.made()) >= wanted and cluster.jobs("RUNNING"))
        if victim == "job":
            cluster.output("scancel", "--signal=KILL", "--full", str(rng.choice(sorted(running))))
            continue
        run.kill()  # its jobs go on
        if victim == "all":
            cluster.output("scancel", "--full", "--signal=KILL", *sorted(running))
        assert "Directory cannot be locked" in fresh.snakemake("--profile", "profiles/slurm", ok=False)
        cluster.output("scancel", "--state=PENDING", f"--name={run.name_of_jobs()}")
        fresh.snakemake("--unlock")
        run = Submitted(fresh)
    assert run.end() == 0, run.log.read_text()[-6000:]
    assert fresh.contents() == local.contents()
    assert fresh.planned() == {}
    assert not list(fresh.results.rglob("*.partial"))

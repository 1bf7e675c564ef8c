"""Slurm on this machine, with two nodes: ``python tests/cluster/slurm.py COMMAND ...`` runs a command beside it.

It needs root and Debian's packages, which it installs. A machine that has a Slurm of its own is left alone.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
CONFIGURATION = Path("/etc/slurm/slurm.conf")
NODES = ("one", "two")
OURS = "# written by tests/cluster/slurm.py"

SETTINGS = """\
{ours}
ClusterName=one_machine
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
# A job that has more memory than it asked for is killed, which clusters leave to cgroups.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
KillWait=2
ReturnToService=2
NodeName=one NodeHostname={host} NodeAddr=127.0.0.1 Port=16821 CPUs=2 RealMemory={megabytes}
NodeName=two NodeHostname={host} NodeAddr=127.0.0.1 Port=16822 CPUs=2 RealMemory={megabytes}
PartitionName=main Nodes=one,two Default=YES MaxTime=120 State=UP
"""
"""Nobody keeps accounts here: Snakemake has to do without ``sacct``."""

MEGABYTES = 8000
SECONDS_TO_START = 60.0


def obstacle() -> str:
    """Return why Slurm cannot run on this machine, or an empty string."""
    if os.geteuid() != 0:
        return "Slurm is started as root, and this is another user"
    if CONFIGURATION.exists() and not CONFIGURATION.read_text().startswith(OURS):
        return f"this machine has a Slurm of its own: {CONFIGURATION}"
    if not all(map(shutil.which, ("slurmctld", "slurmd", "sbatch", "munged"))):
        return _installed()
    return ""


def _installed() -> str:
    if not shutil.which("apt-get"):
        return f"Slurm is not installed, and there is no apt-get to install {' '.join(PACKAGES)}"
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(
            ["apt-get", "--quiet", *command], env=environment, capture_output=True, text=True
        )
        if done.returncode:
            return f"apt-get {command[0]} failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
    return ""


@contextmanager
def running() -> Iterator[None]:
    """Start Slurm, and end it with all its jobs when the block ends."""
    host = socket.gethostname().partition(".")[0]
    started: list[subprocess.Popen[bytes]] = []
    with TemporaryDirectory(prefix="slurm-") as folder:
        for name in ("state", *(f"spool-{node}" for node in NODES)):
            Path(folder, name).mkdir()
        CONFIGURATION.parent.mkdir(exist_ok=True)
        CONFIGURATION.write_text(SETTINGS.format(ours=OURS, host=host, folder=folder, megabytes=MEGABYTES))

        def start(*command: str) -> None:
            with Path(folder, "daemons.log").open("a") as log:
                started.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))

        try:
            _prepare_munge()
            start(
                *[
                    "setpriv",
                    "--reuid=munge",
                    "--regid=munge",
                    "--clear-groups",
                    "munged",
                    "--foreground",
                    "--force",
                ]
            )
            time.sleep(1.0)
            start("slurmctld", "-D", "-c")
            for node in NODES:
                start("slurmd", "-D", "-N", node)
            _wait_until_idle(Path(folder, "daemons.log"))
            yield
        finally:
            subprocess.run(["scancel", "--full", "--user", str(os.getuid())], check=False)
            time.sleep(3.0)
            for process in reversed(started):
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=30)
            CONFIGURATION.unlink()


def _prepare_munge() -> None:
    folder = Path("/run/munge")
    folder.mkdir(exist_ok=True)
    shutil.chown(folder, "munge", "munge")


def _wait_until_idle(log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if states() == dict.fromkeys(NODES, "idle"):
            return
        time.sleep(0.5)
    raise RuntimeError(f"Slurm did not start in {SECONDS_TO_START:.0f} s:\n{log.read_text()[-3000:]}")


def states() -> dict[str, str]:
    """Return the state of each node."""
    lines = output("sinfo", "--Node", "--noheader", "--format=%N %T").splitlines()
    return dict(line.split() for line in lines)


def jobs(state: str) -> dict[str, str]:
    """Return the rule and the wildcards of the jobs in a state, as Snakemake noted them, by their number."""
    lines = output("squeue", "--noheader", "--states", state, "--format=%i %k").splitlines()
    return dict(line.split(maxsplit=1) for line in lines)


def node_of(job: str) -> str:
    """Return the node that a job runs on."""
    return output("squeue", "--noheader", "--jobs", job, "--format=%N").strip()


def output(*command: str) -> str:
    """Return what a command of Slurm prints, nothing if it fails."""
    return subprocess.run(command, capture_output=True, text=True).stdout


def main(command: Sequence[str]) -> int:
    """Run a command beside Slurm, and return its exit status."""
    if why := obstacle():
        print(f"Slurm cannot run here: {why}", file=sys.stderr)
        return 1
    with running():
        return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Slurm, and workflows to run on it."""

import pytest

from cluster import slurm
from tiny import TESTED, Workflow


@pytest.fixture(scope="session")
def cluster():
    """Slurm with two nodes, as long as the tests last."""
    if why := slurm.obstacle():
        pytest.skip(f"Slurm cannot run here: {why}")
    with slurm.running():
        yield slurm


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """A workflow that ran to its end on this machine, without Slurm."""
    workflow = Workflow(tmp_path_factory.mktemp("local"), TESTED)
    workflow.snakemake()
    return workflow


@pytest.fixture
def fresh(tmp_path):
    """A workflow that has not run."""
    return Workflow(tmp_path, TESTED)

"""Copies of the tiny workflow: one that ran, copies of it, and one that has not run."""

import shutil

import pytest
from filelock import FileLock

from tiny import Workflow, there


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id):
    """A workflow that ran to its end; tests copy it before they change it.

    The workers of pytest share it: the first one that needs it runs it, and the others wait.
    """
    of_worker = tmp_path_factory.getbasetemp()
    shared = of_worker if worker_id == "master" else of_worker.parent
    folder = shared / "finished"
    with FileLock(shared / "finished.lock"):
        if not folder.exists():
            workflow = Workflow(tmp_path_factory.mktemp("finished"))
            workflow.snakemake()
            workflow.folder.rename(folder)
    return there(folder)


@pytest.fixture
def workflow(finished, tmp_path):
    """A finished workflow of the test's own. Its files keep their times, as a copy of a folder would."""
    folder = tmp_path / "copy"
    shutil.copytree(finished.folder, folder)
    return there(folder)


@pytest.fixture
def fresh(tmp_path):
    """A workflow that has not run."""
    return Workflow(tmp_path)

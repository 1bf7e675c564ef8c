"""The same seed gives the same results, whatever machine and whatever number of cores, processes and threads."""

import pytest

from tiny import TESTED, Workflow
from zcrepro.files import parquet

pytestmark = pytest.mark.workflow

OTHERWISE = {
    "cores": {"cores": 1},
    "chunk size": {"chunk_seconds": 100},
    "threads of libraries": {"environment": {"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3"}},
    "hash seed": {"environment": {"PYTHONHASHSEED": "4711"}},
}
"""What is changed in a second run."""


def run_otherwise(workflow, *, cores=2, chunk_seconds=None, environment=None):
    """Run a workflow with what is changed."""
    seconds = ["--config", f"features={{chunk_seconds: {chunk_seconds}}}"] if chunk_seconds else []
    workflow.snakemake(*seconds, cores=cores, variables=environment)
    return workflow


def made_by(workflow):
    """Return the results of a workflow, without the chunks and the page, which shows the size of a chunk."""
    made = workflow.contents()
    return {path: content for path, content in made.items() if "/draw-" not in path and path != "report.html"}


@pytest.fixture
def unset(monkeypatch):
    """No variable of the tests' own fixes what a user's shell would leave open."""
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)


@pytest.mark.usefixtures("unset")
def test_nothing_but_the_seed_decides_the_results(finished, fresh):
    together = {"environment": {}}
    for changed in OTHERWISE.values():
        together |= changed | {"environment": together["environment"] | changed.get("environment", {})}
    assert made_by(run_otherwise(fresh, **together)) == made_by(finished)


@pytest.mark.determinism
@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("changed", OTHERWISE)
def test_one_change_alone_changes_no_result(once, tmp_path, changed):
    assert made_by(run_otherwise(Workflow(tmp_path, TESTED), **OTHERWISE[changed])) == made_by(once)


@pytest.mark.determinism
def test_another_seed_gives_other_scores(once, tmp_path):
    workflow = Workflow(tmp_path, TESTED)
    table = "features/embedded_cell/digits.parquet"
    workflow.snakemake(f"results/{workflow.results.name}/{table}", "--config", "seed=7")
    one, other = (parquet.read(of.results / table) for of in (once, workflow))
    assert one["arch"].tolist() == other["arch"].tolist()
    assert (one["zen"] != other["zen"]).all()
    assert (one["params"] == other["params"]).all()


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A workflow that ran on two cores."""
    workflow = Workflow(tmp_path_factory.mktemp("once"), TESTED)
    workflow.snakemake()
    return workflow

"""What a run has still to do, and what it costs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jobs.benchmarks import TABLES
from jobs.costs import JOB_COSTS
from jobs.features import Features
from plan import Costs, configured
from zcrepro.files.csv import read_csv

ROOT = Path(__file__).parents[2]
QUICKSTART = [ROOT / "config/quickstart.yaml"]
MEASURED = read_csv(ROOT / JOB_COSTS, comment="#", keep_default_na=False)
CHUNK = "draw-0/gradients/0-64.parquet"


def plan(workflow, *arguments):
    """Run the planner of a workflow's copy in its folder."""
    command = [sys.executable, str(workflow.folder / "workflow/plan.py"), *arguments]
    files = [str(workflow.folder / name) for name in ("config/quickstart.yaml", "tiny.yaml")]
    return subprocess.run(
        [*command, "--configfile", *files],
        cwd=workflow.folder,
        env=workflow.environment | {"COLUMNS": "120"},
        capture_output=True,
        text=True,
    )


def jobs_of(output):
    """Return the number of jobs of each stage in a printed plan."""
    rows = re.findall(r"│ (\w+) +│ +([\d,]+) │", output)
    return {stage: int(jobs.replace(",", "")) for stage, jobs in rows}


def test_every_rule_that_makes_files_has_a_measured_cost():
    text = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = set(re.findall(r"^rule (\w+):\n(?:    .*\n|\n)*?    output:", text, flags=re.MULTILINE)) | set(
        TABLES
    )
    assert rules == set(MEASURED["rule"])
    last = MEASURED.groupby("rule").last()["outputs"]
    assert not last[["extract", "evolve", "search", "table"]].str.contains("nasbench").any()


def test_a_chunk_costs_its_networks_a_formula_its_individuals_and_any_other_job_itself():
    costs = Costs(configured([]))
    jobs = costs.of_jobs(
        [
            ("extract", f"results/paper/features/nasbench301/cifar10/{CHUNK}"),
            ("extract", f"results/paper/timings/nasbench301/cifar10/{CHUNK}"),
            ("evolve", "results/paper/evolved/srgp/D/seed-3.json"),
            ("evolve", "results/paper/evolved/srgp/leaderboard_scores/seed-3.json"),
            ("table", "results/paper/tables/srgp_runs.csv"),
            ("table", "results/paper/tables/srgp_runs.md"),
            ("fetch", "data/nasbench201/nb2_test_acc_cf10.p"),
        ]
    ).set_index("rule")
    assert jobs.index.tolist() == ["fetch", "extract", "evolve", "evolve", "table"]
    estimate = 64 * Features(costs.run).seconds("features/nasbench301/cifar10", "gradients")
    assert jobs.loc["extract", ["cpu", "estimated"]].tolist() == pytest.approx([estimate] * 2)
    of_d, of_leaderboard = jobs.loc["evolve", "cpu"]
    assert of_leaderboard == pytest.approx(of_d * (1000 * 200) / (500 * 100))
    assert jobs.loc["fetch", "download"] == costs.run.datasets["nasbench201/nb2_test_acc_cf10.p"]["bytes"] > 0


def test_networks_of_nasbench201_are_measured_on_both_devices():
    job = Costs(configured([])).of_jobs([("extract", f"results/paper/features/nasbench201/cifar10/{CHUNK}")])
    row = MEASURED[MEASURED["outputs"] == "features/nasbench201/*/gradients/*"].iloc[0]
    assert job["cpu"].tolist() == pytest.approx([64 * float(row.cpu_seconds)])
    # Networks per second: docs/proxies.md. Of 15,625 texts, 5,260 are functions of their own.
    assert job["gpu"].tolist() == pytest.approx([64 * 5260 / 15625 / 6.53], rel=0.02)


def test_a_rule_without_a_cost_is_named():
    with pytest.raises(ValueError, match=r"job_costs.csv does not say what a job of the rule guess costs"):
        Costs(configured(QUICKSTART)).of_jobs([("guess", "results/quickstart/guess.json")])


@pytest.mark.workflow
def test_the_plan_has_the_jobs_of_a_dry_run(fresh):
    planned = fresh.planned()
    found = jobs_of(plan(fresh).stdout)
    assert found.pop("total") == sum(planned.values())
    assert found == planned


@pytest.mark.workflow
def test_what_is_done_costs_nothing(workflow):
    assert "Nothing to be done" in plan(workflow).stdout
    (workflow.results / "tables/srgp_runs.csv").unlink()
    assert jobs_of(plan(workflow).stdout) == {"table": 1, "deviations": 1, "page": 1, "total": 3}
    assert jobs_of(plan(workflow, "srgp_runs").stdout) == {"table": 1, "total": 1}


@pytest.mark.workflow
def test_a_wrong_configuration_is_answered_as_by_snakemake(fresh):
    wrong = yaml.safe_load((fresh.folder / "tiny.yaml").read_text()) | {"seeed": 1}
    (fresh.folder / "tiny.yaml").write_text(yaml.safe_dump(wrong))
    done = plan(fresh)
    assert done.returncode == 1
    assert "top level: unknown key 'seeed'; did you mean 'seed'?" in done.stderr
    assert "did you mean 'seed'?" in fresh.snakemake("--dry-run", ok=False)

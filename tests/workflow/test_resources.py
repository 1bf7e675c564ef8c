"""What jobs ask a machine for, and the profiles of machines."""

import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from jobs import costs
from jobs.features import Features
from jobs.resources import Needs
from jobs.run import Run
from plan import configured
from zcrepro.fetching.datasets import read_datasets

ROOT = Path(__file__).parents[2]
RULES = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
TABLE = "features/nasbench201/cifar10"
CHUNK = "results/paper/features/nasbench201/cifar10/draw-0/gradients/0-256.parquet"


@pytest.fixture(scope="module")
def run():
    return Run(configured([]), ROOT, read_datasets(ROOT / "config/datasets.tsv"))


def needs(run, **changes):
    return Needs(Run(dict(run.config) | changes, run.here, run.datasets))


def test_every_rule_asks_for_what_its_own_jobs_were_measured_to_need():
    bodies = re.split(r"^ *rule ?(?=\w*:)", RULES, flags=re.MULTILINE)[1:]
    making = [body for body in bodies if "output:" in body]
    assert len(making) > 20
    for body in making:
        name = body.partition(":")[0]
        asked = re.findall(r"\*\*NEEDS\.of\((\w+|\"\w+\"),", body)
        assert asked == ([f'"{name}"'] if name else ["table"]), body[:200]


def test_a_job_asks_for_its_measured_memory_and_time_with_a_margin(run):
    row = costs.of_output(
        costs.read(ROOT / costs.JOB_COSTS), "extract", f"{TABLE}/draw-0/gradients/0-256.parquet"
    )
    asked = needs(run)
    assert 1.5 * row.memory_mb + 500 <= asked.memory_mb("extract", CHUNK) < 1.5 * row.memory_mb + 600
    assert asked.minutes("extract", CHUNK) == -(-(256 * row.cpu_seconds * 4 + 300) // 60)
    longer = CHUNK.replace("0-256", "0-512")
    assert asked.minutes("extract", longer) > 1.5 * asked.minutes("extract", CHUNK)
    assert asked.memory_mb("extract", longer) == asked.memory_mb("extract", CHUNK)


def test_each_attempt_asks_for_twice_as_much_but_for_no_more_than_a_machine_has(run):
    limits = {"mem_mb": 10_000, "runtime": 60}
    asked = needs(run, limits=limits).of("extract", CHUNK.replace("nasbench201", "{space}"))
    wildcards = SimpleNamespace(space="nasbench201")
    memory = [asked["mem_mb"](wildcards, attempt) for attempt in (1, 2, 3)]
    assert memory[1] == pytest.approx(2 * memory[0], rel=0.02)
    assert memory[2] == limits["mem_mb"]
    assert [asked["runtime"](wildcards, attempt) for attempt in (1, 2, 3)] == [23, 45, 60]


def test_jobs_that_run_networks_ask_for_a_gpu_only_if_the_device_is_one(run):
    on_gpu = {"extract", "score_programs", "live_search", "train_reduced"}
    names = {row.rule for row in costs.read(ROOT / costs.JOB_COSTS)}
    assert {name for name in names if needs(run, device="cuda").gpus(name)} == on_gpu
    assert {name for name in names if needs(run).gpus(name)} == set()


def test_processes_that_share_a_gpu_need_the_memory_of_each(run):
    shared = needs(run, device="cuda", jobs_per_gpu=3)
    assert [shared.processes(rule) for rule in ("extract", "table")] == [3, 1]
    assert needs(run, jobs_per_gpu=3).processes("extract") == 1  # on the CPU
    alone = needs(run, device="cuda").memory_mb("extract", CHUNK)
    assert shared.memory_mb("extract", CHUNK) - alone == pytest.approx(2 * (alone - 500), rel=0.05)


def test_chunks_on_a_gpu_are_as_large_as_its_measured_seconds_allow(run):
    def size(device, group, table=TABLE):
        return Features(Run(dict(run.config) | {"device": device}, ROOT, run.datasets)).chunk_size(
            table, group
        )

    measured = costs.of_output(
        costs.read(ROOT / costs.JOB_COSTS), "extract", f"{TABLE}/draw-0/gradients/0-1.parquet"
    )
    largest = run.config["features"]["chunk_seconds"] / measured.measured_gpu_seconds
    assert size("cuda", "gradients") <= largest < 2 * size("cuda", "gradients")
    assert size("cuda", "gradients") > size("cpu", "gradients")
    nobody_measured = "features/nasbench301/cifar10"
    assert size("cuda", "zen", nobody_measured) == size("cpu", "zen", nobody_measured)


def test_an_output_without_a_row_is_named(run):
    with pytest.raises(ValueError, match=r"no row of the rule order that fits tables/x.csv"):
        needs(run).memory_mb("order", "results/paper/tables/x.csv")


def live(run, **options):
    """Return the needs of a run with one live search, and its output that is costed."""
    of = {"guide": "", "evolved_on": "", "evolved_by": "srgp", "surrogate": [], "promoted": ""}
    searched = {
        "name": "one",
        "problem": "nasbench301/cifar10",
        "options": {"minutes": 0, "evaluations": 200},
    }
    section = dict(run.config["live"]) | {"runs": [of | searched | options]}
    return needs(run, live=section), "results/paper/live/one-seconds.parquet"


@pytest.mark.parametrize(
    ("objective", "seconds"),
    [
        ({"guide": "params"}, 0.5),
        ({"guide": "synflow"}, 0.5),
        ({"guide": "nwot"}, 2.6),
        ({"guide": "fisher"}, 6),
        ({"guide": "zen"}, 3.8),
        ({"evolved_on": "D_no_images"}, 0.5),
        ({"evolved_on": "D_live"}, 2.6),
    ],
)
def test_a_live_search_that_stops_by_evaluations_costs_these_by_what_it_scores(run, objective, seconds):
    options = {"minutes": 0, "evaluations": 200, "repeats": 3}
    asked, output = live(run, options=options, **objective)
    assert asked.seconds("live_search", output) == pytest.approx(200 * 3 * seconds)
    assert asked.minutes("live_search", output) == -(-(200 * 3 * seconds * 4 + 300) // 60)


def test_a_live_search_of_a_space_that_nobody_measured_is_estimated(run):
    asked, output = live(run, problem="nasbench201/cifar10", guide="zen")
    assert asked.row("live_search", output).unit == "estimate"
    each = Features(run).seconds("features/nasbench201/cifar10", "zen")
    assert asked.seconds("live_search", output) == pytest.approx(200 * each)


def test_a_live_search_by_the_clock_costs_its_time(run):
    asked, output = live(run, guide="zen", options={"minutes": 3, "repeats": 2})
    assert asked.seconds("live_search", output) == 360
    assert asked.row("live_search", output.replace("-seconds", "")) is None


def profile(name):
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())


def test_no_profile_is_overruled_by_the_default_one():
    """Snakemake applies profiles/default to every run, and after a profile that is named."""
    for name in ("gpu", "slurm"):
        assert profile("default").keys().isdisjoint(profile(name)), name


def test_the_groups_of_the_slurm_profile_are_of_rules_that_exist():
    found = profile("slurm")
    groups = dict(entry.split("=") for entry in found["groups"])
    assert all(f"rule {name}:" in RULES for name in groups)
    assert set(groups.values()) == {entry.split("=")[0] for entry in found["group-components"]}


def test_jobs_of_one_machine_take_different_gpus_and_wait_for_one(tmp_path):
    listing = tmp_path / "nvidia-smi"
    listing.write_text("#!/bin/sh\nprintf '0\\n1\\n'\n")
    listing.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)}
    environment.pop("CUDA_VISIBLE_DEVICES", None)

    def job(command="read -r _", **variables):
        script = f"set -euo pipefail; . {ROOT}/workflow/one_gpu.sh; echo $CUDA_VISIBLE_DEVICES; {command}"
        return subprocess.Popen(
            ["bash", "-c", script],
            env=environment | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    first, second = job(), job()
    gpu = first.stdout.readline()
    assert {gpu, second.stdout.readline()} == {"0\n", "1\n"}
    third = job(":")
    first.communicate("done\n")  # it ends, and its GPU is free
    assert third.communicate()[0] == gpu
    second.communicate("done\n")
    assert job(":", CUDA_VISIBLE_DEVICES="5").communicate()[0] == "5\n"  # as Slurm gives it

"""The workflow: what runs, what runs again, and that interruptions, cores and chunks change nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.workflow

DOWNSTREAM = {
    "features": 2,
    "timings": 2,
    "evolve": 3,
    "lead": 1,
    "generalize": 1,
    "search": 2 + 1,
    "searches": 2,
    "table": 4,
    "deviations": 1,
    "figure": 1,
    "page": 1,
}


def test_a_run_makes_every_kind_of_result(finished):
    made = finished.contents()
    for path in (
        "accuracies/embedded_cell.parquet",
        "features/embedded_cell/digits.parquet",
        "evolved/srgp/cell/seed-1.json",
        "generalization/srgp.parquet",
        "leaderboard/tiny.parquet",
        "order/embedded_cell/digits.parquet",
        "programs/cell/seed-0.json",
        "features-programs/embedded_cell/digits.parquet",
        "structure/embedded_chain.parquet",
        "search/zcp/embedded_cell-digits.parquet",
        "trainings/r6c2/embedded_cell/digits.parquet",
        "tables/generalization.md",
        "tables/generalization.tex",
        "tables/deviations.csv",
        "figures/search.svg",
        "report.html",
    ):
        assert made[path], path
    assert not [path for path in finished.results.rglob("*") if "partial" in path.name]


def test_a_second_run_does_nothing(workflow):
    assert workflow.planned() == {}
    assert "Nothing to be done" in workflow.snakemake()


def test_touching_every_source_and_every_tracked_file_reruns_nothing(workflow):
    for folder in ("src", "resources", "workflow", "config"):
        for path in (workflow.folder / folder).rglob("*.*"):
            path.touch()
    assert workflow.planned() == {}


def test_editing_one_proxy_recomputes_its_pass_group_its_join_and_what_reads_it(workflow):
    workflow.edit("proxies/zen.py")
    assert workflow.planned() == DOWNSTREAM | {"extract": 4 + 2}
    planned = workflow.snakemake("--dry-run")
    extracted = {line.split("group=")[1].split(",")[0] for line in planned.splitlines() if "group=" in line}
    assert extracted == {"zen"}


def test_editing_a_tables_code_recomputes_that_table_and_the_page_alone(workflow):
    workflow.edit("report/tables/srgp_runs.py")
    assert workflow.planned() == {"table": 1, "deviations": 1, "page": 1}


def test_editing_the_search_recomputes_no_feature_and_no_formula(workflow):
    workflow.edit("searching/aging_evolution.py")
    assert workflow.planned() == {
        "search": 1,  # of the other algorithm none
        "searches": 1,
        "table": 1,
        "deviations": 1,
        "figure": 1,
        "page": 1,
    }


def test_another_setting_reruns_what_depends_on_it(workflow):
    workflow.configure(generalization={"problems": ["embedded_chain/digits"], "resamples": 21})
    assert workflow.planned() == {"generalize": 1, "table": 3, "deviations": 1, "page": 1}


def test_asking_for_more_architectures_adds_chunks_and_reruns_none(workflow):
    runs = [
        {"problem": "embedded_cell/digits", "architectures": 45},
        {"problem": "embedded_chain/digits", "architectures": 30},
    ]
    workflow.configure(features={"runs": runs})
    planned = workflow.planned()
    assert planned["extract"] == 1 + 1 + 2  # for the 15 more: one of structure and synflow, two of zen
    assert planned["features"] == planned["timings"] == 1
    assert "order" not in planned


def test_asking_for_more_networks_trains_those_alone(workflow):
    (run,) = yaml.safe_load((workflow.folder / "tiny.yaml").read_text())["reduced_trainings"]["runs"]
    workflow.configure(reduced_trainings={"runs": [run | {"architectures": 3}]})
    assert workflow.planned() == {"train_reduced": 1, "trainings": 1, "page": 1}  # which shows the settings


def test_another_target_for_the_time_of_a_job_reruns_no_chunk_that_is_done(workflow):
    workflow.configure(features={"chunk_seconds": 100})
    assert workflow.planned() == {"page": 1}  # which shows the settings
    lost = workflow.results / "features/embedded_cell/digits/draw-0/zen"
    for chunk in ("8-16.parquet", "16-24.parquet"):
        (lost / chunk).unlink()
    planned = workflow.snakemake("--dry-run")
    assert planned.count("start=8, stop=24") == 1
    assert workflow.planned()["extract"] == 1


def test_another_draw_adds_chunks_and_reruns_what_reads_the_table(workflow):
    workflow.configure(features={"draws": 2})
    planned = workflow.planned()
    assert planned["extract"] == 2 + 2 + 6  # structure, synflow and zen of both problems
    assert planned["features"] == 2
    assert planned["generalize"] == 1
    assert "order" not in planned


def test_data_are_fetched_once_for_all_runs(fresh, monkeypatch):
    monkeypatch.setenv("ZCREPRO_MIRROR", str(fresh.mirror("small/file.txt", "accuracies")))
    assert fresh.planned("data/small/file.txt") == {"fetch": 1}
    fresh.snakemake("data/small/file.txt")
    assert (fresh.folder / "data/small/file.txt").read_text() == "accuracies"
    fresh.configure(run="another")
    assert fresh.planned("data/small/file.txt") == {}


def test_a_settings_file_that_was_edited_by_hand_is_not_trusted(workflow):
    edited = next((workflow.results / "settings").glob("generalize-*/settings.json"))
    before = edited.read_text()
    edited.write_text("{}")
    workflow.planned()
    assert edited.read_text() == before


def test_losing_snakemakes_metadata_reruns_nothing_that_is_up_to_date(workflow):
    shutil.rmtree(workflow.folder / ".snakemake")
    assert workflow.planned() == {}


def test_a_lost_result_is_made_again_and_equal(workflow):
    before = workflow.contents()
    for lost in ("generalization/srgp.parquet", "tables/generalization.csv", "report.html"):
        (workflow.results / lost).unlink()
    workflow.snakemake()
    assert workflow.contents() == before


def test_a_misspelt_key_stops_the_run_and_names_the_nearest(fresh):
    fresh.configure(sede=1)
    assert "unknown key 'sede'; did you mean 'seed'" in fresh.snakemake("--dry-run", ok=False)


def test_a_nested_key_can_be_set_on_the_command_line(fresh):
    fresh.snakemake(
        "--dry-run",
        "--config",
        "evolution={srgp: {generations: 21, crossover: 0.5}}",
        "training_sets={cell: {inputs: [zen]}}",
    )
    jobs = [job for job in fresh.settings("evolve") if job["training_set"] == "cell"]
    evolved = [(job["options"]["generations"], job["options"]["crossover"], job["inputs"]) for job in jobs]
    assert evolved == [(21, 0.5, ["zen"])] * 2


def test_a_run_from_another_folder_reads_the_checkout_and_writes_where_it_starts(fresh, tmp_path):
    elsewhere = tmp_path / "elsewhere" / "deeper"
    elsewhere.mkdir(parents=True)
    table = "results/tiny/accuracies/embedded_cell.parquet"
    fresh.snakemake(table, start=elsewhere)
    assert (elsewhere / table).is_file()
    assert not (fresh.folder / "results").exists()
    everything = fresh.planned(start=elsewhere)
    assert everything.pop("accuracies") == 1
    assert fresh.planned() == everything | {"accuracies": 2}


def test_a_failing_job_shows_its_error_and_the_rest_of_the_results_stay(workflow):
    workflow.configure(max_undefined_share=0.0, evolution={"srgp": {"train_on": []}})
    output = workflow.snakemake(ok=False)
    assert "max_undefined_share" in output
    assert "Error in rule" in output
    assert "MissingOutputException" not in output  # what it is if the failure is lost in the pipe to the log
    assert (workflow.results / "accuracies/embedded_cell.parquet").exists()


def test_every_command_of_a_rule_can_be_run_by_hand(workflow):
    printed = workflow.snakemake("--dry-run", "--forcerun", "generalize", "--printshellcmds")
    command = next(line for line in printed.splitlines() if "zcrepro stage generalize" in line)
    command = command.removeprefix("Shell command: ").strip()
    target = workflow.results / "generalization/srgp.parquet"
    before = target.read_bytes()
    target.unlink()
    activated = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(
        command, shell=True, check=True, cwd=workflow.folder, env=workflow.environment | {"PATH": activated}
    )
    assert target.read_bytes() == before

"""Results on disk are whole and belong to the run, or they are made again."""

import os
import shutil
import subprocess
import sys

import pytest

from zcrepro.files.atomic import HOST

pytestmark = pytest.mark.workflow


def flip(path) -> None:
    """Flip one bit in the middle of a file, as a bad disk does."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("metadata", ["kept", pytest.param("lost", marks=pytest.mark.faults)])
def test_damaged_results_of_every_kind_are_made_again_and_equal(workflow, metadata):
    before = workflow.contents()
    damaged = {
        "accuracies/embedded_cell.parquet": "accuracies",
        "features/embedded_cell/digits/draw-0/zen/0-8.parquet": "extract",
        "features/embedded_chain/digits.parquet": "features",
        "evolved/srgp/cell/seed-1.json": "evolve",
        "search/zcp/embedded_cell-digits/random_search.parquet": "search",
        "trainings/r6c2/embedded_cell/digits/0-1.parquet": "train_reduced",
        "trainings/r6c2/embedded_cell/digits.parquet": "trainings",
        "tables/srgp_runs.csv": "table",
        "tables/generalization.tex": "table",
        "figures/search.svg": "figure",
        "report.html": "page",
    }
    for path in damaged:
        flip(workflow.results / path)
    if metadata == "lost":
        shutil.rmtree(workflow.folder / ".snakemake")
    assert set(workflow.planned()) >= set(damaged.values())
    workflow.snakemake()
    assert workflow.contents() == before
    assert workflow.planned() == {}


def test_the_same_damage_is_mended_each_time(workflow):
    figure = workflow.results / "figures/search.svg"
    whole = figure.read_bytes()
    for _ in range(2):
        flip(figure)
        assert workflow.planned() == {"figure": 1, "page": 1}
        workflow.snakemake()
        assert figure.read_bytes() == whole
        assert workflow.planned() == {}


def test_results_of_another_seed_do_not_stand_when_snakemakes_metadata_are_lost(workflow):
    shutil.rmtree(workflow.folder / ".snakemake")
    workflow.configure(seed=7)
    planned = workflow.planned()
    assert planned["extract"] == 2 + 2 + 6
    assert {"features", "evolve", "generalize", "search", "table", "figure", "page"} <= set(planned)


def test_results_of_another_setting_do_not_stand_although_this_one_was_planned_before(workflow):
    workflow.configure(generalization={"problems": ["embedded_chain/digits"], "resamples": 21})
    workflow.snakemake()
    workflow.configure()  # its files of settings are older than the results
    shutil.rmtree(workflow.folder / ".snakemake")
    assert workflow.planned() == {"generalize": 1, "table": 3, "deviations": 1, "page": 1}


def test_a_chunk_of_another_problem_is_made_again(workflow):
    chunks = workflow.results / "features"
    shutil.copy(
        chunks / "embedded_chain/digits/draw-0/structure/0-30.parquet",
        chunks / "embedded_cell/digits/draw-0/structure/0-30.parquet",
    )
    assert workflow.planned()["extract"] == 1


@pytest.mark.parametrize(
    ("lost", "makes"),
    [
        ("tables/zcp_search.md", "table"),
        ("tables/zcp_search.csv", "table"),
        ("tables/deviations.csv", "deviations"),
        ("figures/search.svg", "figure"),
        ("features/embedded_cell/digits/draw-0/zen/0-8.parquet", "extract"),
        ("order/embedded_chain/digits.parquet", "order"),
        ("search/zcp/embedded_cell-digits/random_search.parquet", "search"),
        ("timings/embedded_cell/digits.parquet", "timings"),
        ("trainings/r6c2/embedded_cell/digits/1-2.parquet", "train_reduced"),
        ("trainings/r6c2/embedded_cell/digits.parquet", "trainings"),
        ("accuracies/embedded_chain.parquet", "accuracies"),
    ],
)
def test_whatever_is_deleted_from_a_finished_run_is_made_again(workflow, lost, makes):
    (workflow.results / lost).unlink()
    assert workflow.planned()[makes] == 1


def test_a_file_in_data_with_another_content_is_fetched_again(fresh, monkeypatch):
    monkeypatch.setenv("ZCREPRO_MIRROR", str(fresh.mirror("small/file.txt", "accuracies")))
    there = fresh.folder / "data/small/file.txt"
    there.parent.mkdir(parents=True)
    for content in ("put there by hand", "accuracieS"):
        there.write_text(content)
        assert fresh.planned("data/small/file.txt") == {"fetch": 1}
        fresh.snakemake("data/small/file.txt")
        assert there.read_text() == "accuracies"
        assert fresh.planned("data/small/file.txt") == {}


def test_what_killed_jobs_left_is_removed_by_the_next_run_and_named(workflow):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = workflow.results / f"tables/.zcp_search.csv.{HOST}-{ended.pid}.partial"
    running = workflow.results / f"tables/.zcp_search.csv.{HOST}-{os.getpid()}.partial"
    for path in (left, running):
        path.write_text("half")
    (workflow.results / "report.html").unlink()
    said = workflow.snakemake()
    assert f"{left.relative_to(workflow.folder)}, which a killed job left" in said
    assert not left.exists()
    assert running.exists()

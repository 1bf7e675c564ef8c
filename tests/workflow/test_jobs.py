"""The exact set of jobs of each configuration that the repository brings."""

import re
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from zcrepro.fetching.datasets import read_datasets
from zcrepro.problems.problem import Problem

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.workflow

PINNED = sum(not name.startswith("official/") for name in read_datasets(ROOT / "config/datasets.tsv"))

REPORT = {"generalize": 1, "deviations": 1, "page": 1}


def test_the_quickstart(fresh):
    assert fresh.planned(config="config/quickstart.yaml") == REPORT | {
        "accuracies": 2 + 1,  # and of PyTorchCV, which need no download
        "order": 4,
        "extract": 4 * 5 * 3,  # problems, pass groups, draws
        "features": 4 + 1,  # and the variant that programs score
        "timings": 4 + 1,
        "structure": 2,
        "evolve": 3 * 3 + 2 * 2,  # training sets, repeats; and those of the leaderboard
        "lead": 1,
        "evolve_program": 1,
        "score_programs": 1,
        "search": 2 * 3 + 2 + 3 + 2 + 1,  # problems, algorithms
        "searches": 2 + 1 + 1 + 2 + 1,
        "live_search": 3,
        "train_reduced": 2 * 2,  # recipes, networks
        "trainings": 2,
        "table": 20,
        "figure": 10,
    }


def test_one_name_more_in_the_list_of_the_quickstarts_proxies_is_in_every_job_that_reads_scores(fresh):
    quickstart = fresh.folder / "config/quickstart.yaml"
    text = quickstart.read_text()
    assert text.count("[suite_zero, eznas_a]") == 1
    quickstart.write_text(text.replace("[suite_zero, eznas_a]", "[suite_zero, eznas_a, zico]"))
    fresh.snakemake("--dry-run", config="config/quickstart.yaml")
    settings = {stage: fresh.settings(stage, "quickstart") for stage in ("extract", "features", "evolve")}
    extracted = {
        (job["space"], job["task"], job["draw"]) for job in settings["extract"] if "zico" in job["proxies"]
    }
    assert len(extracted) == 4 * 3
    joined = [job["proxy_columns"] for job in settings["features"]]
    of_programs = [columns for columns in joined if "eznas_pnas_labels" in columns]
    assert 0 < len(of_programs) < len(joined)  # the scores of programs are joined in the same way
    assert all(("zico" in columns) == (columns not in of_programs) for columns in joined)
    assert all(
        job["inputs"][-1] == "zico" for job in settings["evolve"] if "counts" not in job["training_set"]
    )
    assert fresh.settings("generalize", "quickstart")[0]["handcrafted"][-1] == "zico"


def test_the_sample(fresh):
    assert fresh.planned(config="config/sample.yaml") == REPORT | {
        "fetch": 22,
        "accuracies": 7,
        "released": 6,
        "epochs": 1,
        "order": 6,
        "features": 5 + 8,  # and the variants
        "structure": 5,
        "lead": 4,  # the formulas are tracked, too
        "search": 3 * (3 + 1),  # problems, algorithms; those of predictors are tracked
        "searches": 3 * 2,
        "table": 31,
        "figure": 10,
    }
    (page,) = fresh.settings("report", "sample")
    tracked = page["tracked"]
    assert {
        "resources/released/nasbench201/cifar10",
        "resources/evolved/srgp",
        "resources/search/zcp_predictors",
        "resources/trainings/r8c4",
        "resources/live",
        "resources/papers/zcp_table1.csv",
    } <= set(tracked)
    assert [name for name in tracked if not (ROOT / name).exists()] == []
    assert tracked == sorted(set(tracked))


def test_the_papers_settings(fresh):
    assert fresh.planned(config="config/config.yaml") == REPORT | {
        "fetch": 30 + 1 + 6 + 2,  # and images of CIFAR-100, all of CIFAR-10, and the surrogate
        "accuracies": 13,
        "released": 6,
        "epochs": 1,
        # Data sets, problems that programs score, other whole spaces, PyTorchCV, and recurrent networks.
        "order": 2 + 12 + 7 + 2,
        # Draws; structure, synflow, meco, gradients, zen and eznas; the passes of NAS-Bench-101, and of NAS-Bench-301.
        "extract": 3 * ((16 + 16 + 16 + 245 + 62 + 62) + (19 + 5 + 3 + 5 + 10) + (12 + 3 + 12 + 12))
        # Of CIFAR-100, structure, synflow, gradients and zen. Of ImageNet16-120, structure, synflow and zen; images of 16
        # pixels cost less.
        + 3 * ((16 + 16 + 245 + 62) + (4 + 4 + 16))
        # Of the variants without published scores: params, flops, synflow and nwot beside the programs.
        + 45
        # Of whole spaces: structure and synflow of NAS-Bench-101, structure of four tasks of TransNAS-Bench-101 micro,
        # and of macro, where a jigsaw costs less.
        + (119 + 119 + 4 * 32 + 3 * 26 + 13)
        # Conditions of the 13 proxies: structure, synflow, gradients and zen on 64 images, 16 and 256.
        + (1 + 1 + 8 + 2) * (1 + 1 + 1 + 1 + 3)
        + (1 + 1 + 2 + 1)
        + (2 + 2 + 32 + 8)
        + 3 * 2  # of PyTorchCV, structure, gradients and synflow of two draws
        + (1 + 1 + 16),  # of recurrent networks, structure, synflow and gradients
        # Problems, conditions of programs and of proxies, problems that programs score, whole spaces, PyTorchCV,
        # recurrent networks.
        "features": 5 + 4 + 7 + 12 + 9 + 2,
        "timings": 5 + 4 + 7 + 12 + 9 + 2,
        "structure": 5,
        "evolve": 9 * 31 + 10 * 11 + 12 * 20,  # training sets, those of fewer runs, the leaderboards'
        "lead": 4,
        "evolve_program": 11,
        "score_programs": 7 + 10 + 5 + 5 + 2 + 10 + 19 + 5 + 8,
        "search": 3 * (3 + 2) + 3 + 12 + 1,  # problems, algorithms
        "searches": 3 * 2 + 1 + 12 + 1,
        "live_search": 12,  # by evaluations, of the DARTS space
        "train_reduced": 60 + 20,  # networks of the two recipes
        "trainings": 2,
        "table": 31,
        "figure": 10,
    }


def test_lookalikes(fresh):
    draws = 3
    assert fresh.planned(config="config/lookalike.yaml") == {"deviations": 1, "page": 1} | {
        "fetch": 11,
        "accuracies": 1,
        "released": 1,
        "order": 2,
        # Synflow and gradients; images of 16 pixels cost less.
        "extract": draws * ((1 + 8) + (1 + 2)),
        "features": 2,
        "timings": 2,
        "table": 2,
    }


def test_everything_that_is_known_of_the_spaces_is_a_target(fresh):
    assert fresh.planned("benchmarks", config="config/sample.yaml") == {
        "benchmarks": 1,
        "fetch": PINNED - 3,  # but neither the images nor the surrogate
        "accuracies": 15,
        "released": 6,
        "counts": 14,
        "epochs": 1,
    }


def test_the_structural_counts_of_a_space_are_a_target(fresh):
    counts = "results/quickstart/structure/embedded_cell.parquet"
    assert fresh.planned(counts, config="config/quickstart.yaml") == {"accuracies": 1, "structure": 1}


def test_one_paper_and_one_table_are_targets(fresh):
    assert fresh.planned("zcp", config="config/sample.yaml")["table"] == 8
    assert fresh.planned("eznas", config="config/sample.yaml")["table"] == 10
    only = fresh.planned("zcp_table1", config="config/sample.yaml")
    needed = {"fetch": 9, "accuracies": 1, "released": 1, "order": 3, "features": 3, "table": 1}
    assert only == needed | {"zcp_table1": 1}


def test_every_job_prints_to_the_terminal_as_well_as_to_its_log():
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert rules.count("shell:\n") == rules.count('2>&1 | tee {log}"\n') == 22


def test_every_fetched_input_of_the_configurations_has_a_url():
    datasets = read_datasets(ROOT / "config/datasets.tsv")
    named = [
        file
        for space in loaded("benchmarks.yaml")["benchmarks"].values()
        for source in space.values()
        for table in source.values()
        for files in table.values()
        for file in files
    ]
    for name in ("config.yaml", "sample.yaml", "quickstart.yaml"):
        for space in loaded(name).get("spaces", {}).values():
            named += [file for task in space.get("tasks", {}).values() for file in task.get("files", [])]
        for run in loaded(name).get("reduced_trainings", {}).get("runs", []):
            named += run.get("files", [])
    assert len(named) > 5
    for file in named:
        assert file.startswith("resources/") or datasets[file]["url"].startswith("https://"), file


def loaded(name):
    return yaml.safe_load((ROOT / "config" / name).read_text())


def test_a_table_reads_what_its_file_says_and_no_more(fresh):
    def inputs(name):
        planned = fresh.snakemake("--dry-run", f"results/sample/{name}", config="config/sample.yaml")
        inputs, of = re.findall(r"input: (.*)\n\s*output: (.*)", planned)[-1]
        assert name in of
        read = re.findall(r"(?:results/sample|resources)/([^\s,]+)\.(?:parquet|json)", inputs)
        return [name for name in read if not name.startswith("settings/")]

    features = {f"features/nasbench201/{task}" for task in ("cifar10", "cifar100", "ImageNet16-120")}
    assert set(inputs("tables/zcp_table1.csv")) == features | {
        "accuracies/nasbench201",
        "released/nasbench201",
    }
    scored = [Problem.parse(run["problem"]) for run in loaded("sample.yaml")["features"]["runs"]]
    config: dict = {}
    for each in ("config.yaml", "sample.yaml"):
        update_config(config, loaded(each))
    evolution, sets = config["evolution"]["srgp"], config["training_sets"]
    formulas = [
        f"evolved/srgp/{name}/seed-{seed}"
        for name in evolution["train_on"]
        for seed in range(sets[name].get("repeats", evolution["repeats"]))
    ]
    assert sorted(inputs("figures/generalization.svg")) == sorted(["generalization/srgp", *formulas])
    # A space whose structure is counted brings its published scores and accuracies, and no other does.
    read = inputs("figures/scatter.svg")
    spaces = [name.partition("/")[2] for name in read if name.startswith("structure/")]
    assert len(spaces) > 3
    for known in ("accuracies", "released"):
        of_known = {name for name in read if name.startswith(known)}
        assert of_known == {f"{known}/{space}" for space in spaces}
    assert {name for name in read if name.startswith("features/")} == {
        f"features/{problem}" for problem in scored
    }

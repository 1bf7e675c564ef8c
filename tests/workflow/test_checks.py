"""Names in a configuration that refer to nothing are answered with the nearest one."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from snakemake.utils import update_config

from checks import check_references
from defaults import ALIASES, with_defaults
from jobs.evolution import Evolution
from jobs.reduced import ReducedTrainings
from jobs.run import Run
from schema import completed, read_schema
from sealing import to_parquet
from zcrepro import provenance
from zcrepro.fetching.datasets import read_datasets
from zcrepro.proxies.suite_zero import SUITE_ZERO
from zcrepro.spaces.structural_counts import COUNTS

ROOT = Path(__file__).parents[2]
SCHEMA = read_schema(ROOT / "workflow/schemas/config.schema.yaml")
DATASETS = read_datasets(ROOT / "config/datasets.tsv")


def check(config):
    config = filled(config)
    check_references(config, read_datasets(*(ROOT / name for name in config["datasets"])), ROOT)


def filled(config):
    """A configuration with its defaults."""
    return with_defaults(completed(config, SCHEMA))


def merged(*names):
    """Configurations laid one over the other as Snakemake does."""
    config = {}
    for name in names:
        update_config(config, yaml.safe_load((ROOT / "config" / name).read_text()))
    return config


def changed(*path, value):
    """The quickstart's configuration with one value changed."""
    config = merged("benchmarks.yaml", "config.yaml", "quickstart.yaml")
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return config


def test_the_configurations_of_the_repository_name_only_what_is_there():
    check(changed("seed", value=1))
    check(merged("benchmarks.yaml", "config.yaml"))
    check(merged("benchmarks.yaml", "config.yaml", "sample.yaml"))
    check(merged("benchmarks.yaml", "config.yaml", "lookalike.yaml"))


def test_shards_that_are_not_there_are_named_with_what_to_do():
    config = merged("benchmarks.yaml", "config.yaml", "sample.yaml")
    config["features"]["runs"][0]["proxies"] = ["snip", "zico"]
    with pytest.raises(ValueError, match=r"cifar10/halves\.parquet; take zico out"):
        check(config)


VARIANT = {
    "variant": "noise",
    "problem": "embedded_cell/digits",
    "architectures": 9,
    "among": "accuracies",
    "proxies": ["snip"],
    "images": "noise",
    "options": {},
    "program_images": 16,
    "draws": 1,
    "shards": "",
}


LIVE = {"name": "one", "problem": "embedded_cell/digits", "guide": "snip"}


@pytest.mark.parametrize(
    ("path", "folder", "files", "message"),
    [
        (
            ("evolution", "srgp"),
            "resources/evolved/srgp",
            3 * 3 + 2 * 2,  # training sets, repeats; and those of the leaderboard
            r"evolution\.srgp\.promoted: there is no resources/evolved/srgp/cell/seed-1\.json; put it there with "
            "`zcrepro promote`, or leave out `promoted` to evolve in this run",
        ),
        (
            ("programs",),
            "resources/evolved/eznas",
            1,
            r"programs\.promoted: there is no resources/evolved/eznas/cell/seed-0\.json; .* to evolve in this run",
        ),
        (
            ("search", "zcp"),
            "resources/search/zcp",
            2,
            r"search\.zcp\.promoted: there is no resources/search/zcp/embedded_chain-digits\.parquet; .* to search",
        ),
        (
            ("live", "runs", 0),
            "resources/elsewhere",
            2,  # the record and its seconds
            r"live\.runs\.promoted: there is no resources/elsewhere/embedded_cell_formula-seconds\.parquet; .* to search",
        ),
        (
            ("reduced_trainings", "runs", 0),
            "resources/trainings/r6c4",
            1,
            r"reduced_trainings\.runs\.promoted: there is no resources/trainings/r6c4/embedded_cell/digits\.parquet; "
            ".* to train in this run",
        ),
    ],
)
def test_promoted_files_that_are_not_there_are_named_with_what_to_do(path, folder, files, message, tmp_path):
    config = filled(changed(*path, "promoted", value=folder))
    with pytest.raises(ValueError, match=message) as raised:
        check_references(config, DATASETS, tmp_path)
    assert str(raised.value).count("there is no") == files


def test_promoted_trainings_are_those_that_the_configuration_asks_for(tmp_path):
    path = ("reduced_trainings", "runs", 0, "promoted")
    config = filled(changed(*path, value="resources/trainings/r6c4"))
    job = SimpleNamespace(recipe="r6c4", space="embedded_cell", task="digits", start="0", stop="20")
    made = ReducedTrainings(Run(config, ROOT, DATASETS)).train(job)
    shared = {name: value for name, value in made.items() if name not in provenance.OF_TRAINING}
    tracked = tmp_path / "resources/trainings/r6c4/embedded_cell/digits.parquet"
    tracked.parent.mkdir(parents=True)
    for settings, fits in ((shared, True), (shared | {"epochs": 9}, False)):
        to_parquet(pd.DataFrame({"a": [1]}), tracked, {"shared": provenance.settings_digest(settings)})
        found = pytest.raises(
            ValueError, match=r"promoted: the networks in .* were trained with other settings"
        )
        with nullcontext() if fits else found:
            check_references(config, DATASETS, tmp_path)


def test_draws_that_draw_nothing_anew_are_refused():
    with pytest.raises(ValueError, match=r"features\.redraw: without it the draws are equal"):
        check(changed("features", "redraw", value=[]))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            ("evolution", "srgp", "train_on"),
            ["cel"],
            "evolution.srgp.train_on: unknown training set 'cel'; did you mean 'cell'",
        ),
        (
            ("programs", "train_on"),
            ["cel"],
            "programs.train_on: unknown training set 'cel'; did you mean 'cell'",
        ),
        (
            ("programs", "training_sets", "cell", "problem"),
            "embedded_cell/digit",
            "programs.training_sets.cell.problem: unknown problem 'embedded_cell/digit'; did you mean",
        ),
        (
            ("features", "variants", 0, "problem"),
            "embedded_cel/digits",
            "features.variants .of those with images.: unknown problem 'embedded_cel/digits'; did you mean",
        ),
        (
            ("features", "variants"),
            [VARIANT, VARIANT],
            "features.variants: 'noise of embedded_cell/digits' stands there twice",
        ),
        (
            ("features", "variants"),
            [VARIANT | {"problem": "embedded_cel/digits"}],
            "features.variants: unknown space 'embedded_cel'; did you mean 'embedded_cell'",
        ),
        (
            ("features", "variants"),
            [VARIANT | {"images": "nose"}],
            "features.variants.images: unknown images 'nose'; did you mean 'noise'",
        ),
        (
            ("features", "variants"),
            [VARIANT | {"proxies": ["eznas/cell/seed-1"]}],
            "features.variants.proxies: unknown proxy 'eznas/cell/seed-1'; did you mean 'eznas/cell/seed-0'",
        ),
        (
            ("features", "variants"),
            [VARIANT | {"options": {"batchsize": 1}}],
            "features.variants.options: unknown option of features 'batchsize'; did you mean 'batch_size'",
        ),
        (
            ("features", "variants"),
            [VARIANT | {"options": {"batch_size": 0}}],
            "features.variants.options.batch_size: 0 is less than the minimum of 1",
        ),
        (
            ("features", "variants"),
            [VARIANT | {"among": "released"}],
            "features.variants.among: the space of 'embedded_cell/digits' has no released scores; leave out",
        ),
        (("report", "tables"), ["zcp_tabel1"], "unknown table 'zcp_tabel1'; did you mean 'zcp_table1'"),
        (("report", "figures"), ["serch"], "unknown figure 'serch'; did you mean 'search'"),
        (
            ("training_sets", "cell", "inputs"),
            ["sinflow"],
            "training_sets.cell.inputs .of those under features.proxies.: unknown proxy 'sinflow'; did you mean 'synflow'",
        ),
        (
            ("training_sets", "cell", "inputs"),
            ["structure", "structure_path"],
            "unknown proxy 'structure_path'; did you mean 'structure_paths'",
        ),
        (
            ("training_sets", "cell", "problems"),
            {"embedded_cell/digit": 10},
            "training_sets.cell.problems .of those under features.runs.: unknown problem 'embedded_cell/digit'",
        ),
        (
            ("training_sets", "cell", "scored_as"),
            {"embedded_cell/digit": "embedded_cell/digits"},
            "training_sets.cell.scored_as: unknown problem 'embedded_cell/digit'; did you mean",
        ),
        (
            ("training_sets", "cell", "scored_as"),
            {"embedded_cell/digits": "embedded_cell/turned_digit"},
            "scored_as .of those under features.runs.: unknown problem 'embedded_cell/turned_digit'",
        ),
        (
            ("training_sets", "cell", "scored_as"),
            {"embedded_cell/digits": "embedded_chain/digits"},
            "scored_as: 'embedded_chain/digits' is not of the space of 'embedded_cell/digits'",
        ),
        (
            ("evolution", "srgp", "completed"),
            ["embedded_cell/digit"],
            "evolution.srgp.completed .of those under features.runs.: unknown problem 'embedded_cell/digit'",
        ),
        (
            ("evolution", "srgp", "counts"),
            ["structure_path"],
            "evolution.srgp.counts: unknown count 'structure_path'; did you mean 'structure_paths'",
        ),
        (
            ("evolution", "srgp", "handcrafted"),
            ["zico"],
            "those under features.proxies.: unknown proxy 'zico'",
        ),
        (("released",), {"proxies": ["sinflow"]}, "released.proxies: unknown proxy 'sinflow'; did you mean"),
        (
            ("search", "zcp", "algorithms"),
            ["aging"],
            "unknown algorithm 'aging'; did you mean 'aging_evolution'",
        ),
        (
            ("generalization", "problems"),
            ["embeded_cell/digits"],
            "unknown space 'embeded_cell'; did you mean",
        ),
        (("generalization", "problems"), ["embedded_cell"], "written space/task, not 'embedded_cell'"),
        (
            ("generalization", "problems"),
            ["embedded_cell/digit"],
            "unknown problem 'embedded_cell/digit'; did you",
        ),
        (
            ("evolution", "srgp", "scores"),
            "released",
            "the space of 'embedded_cell/digits' has no released scores",
        ),
        (
            ("features", "proxies"),
            ["zen"],
            "search.zcp.runs.guides .of those that features have.: unknown proxy 'synflow'",
        ),
        (("features", "runs", 0, "proxies"), ["zne"], "features.runs.proxies: unknown proxy 'zne'; did you"),
        (
            ("features", "runs", 0, "among"),
            "released",
            "features.runs.among: the space of 'embedded_cell/digits' has no released scores; leave out",
        ),
        (
            ("features", "runs", 1, "problem"),
            "embedded_cell/digits",
            "'embedded_cell/digits' stands there twice",
        ),
        (
            ("embedded", "problems", 1, "problem"),
            "embedded_cell/digits",
            "embedded.problems: 'embedded_cell/digits' stands there twice",
        ),
        (
            ("reduced_trainings", "runs", 0, "problem"),
            "embedded_cell/digit",
            "reduced_trainings.runs: unknown problem 'embedded_cell/digit'; did you mean 'embedded_cell/digits'",
        ),
        (
            ("reduced_trainings", "runs", 1, "recipe"),
            "r6c4",
            "reduced_trainings.runs: 'r6c4 of embedded_cell/digits' stands there twice",
        ),
        (
            ("reduced_trainings", "runs", 0, "files"),
            ["official/cifar10/data_batch_7.bin"],
            "reduced_trainings.runs.files: unknown data set 'official/cifar10/data_batch_7.bin'; did you mean 'offi",
        ),
        (
            ("reduced_trainings", "runs", 0, "stop_after"),
            9,
            "a training of r6c4 cannot stop after 9 of 8 epochs; raise reduced_trainings.epochs",
        ),
        (("live", "runs"), [LIVE, LIVE], "live.runs: 'one' stands there twice"),
        (
            ("live", "runs"),
            [LIVE | {"problem": "embedded_cell/digit"}],
            "live.runs: unknown problem 'embedded_cell/digit'; did you mean 'embedded_cell/digits'",
        ),
        (
            ("live", "runs"),
            [LIVE | {"guide": "sinp"}],
            "live.runs.guide: unknown proxy 'sinp'; did you mean 'snip'",
        ),
        (
            ("live", "runs", 0, "evolved_on"),
            "chian",
            "live.runs.evolved_on: unknown training set 'chian'; did you mean 'chain'",
        ),
        (("live", "runs", 0, "evolved_by"), "sgrp", "live.runs.evolved_by: unknown method 'sgrp'; did you"),
        (
            ("live", "runs", 0, "guide"),
            "snip",  # beside the training set
            "live.runs: embedded_cell_formula needs one objective, either `guide` or `evolved_on`",
        ),
        (("live", "runs", 0, "evolved_on"), "", "live.runs: embedded_cell_formula needs one objective"),
        (
            ("live", "runs"),
            [LIVE | {"surrogate": ["nasbench301/yahpo_nb301.onx"]}],
            "live.runs.surrogate: unknown data set 'nasbench301/yahpo_nb301.onx'; did you mean 'nasbench301/yahpo_nb301.onnx'",
        ),
        (
            ("live", "runs"),
            [LIVE | {"surrogate": ["nasbench301/yahpo_nb301.onnx", "nasbench301/yahpo_nb301_encoding.json"]}],
            "live.runs.surrogate: one needs two files, a model of nasbench301 and its encoding",
        ),
        (
            ("search", "zcp", "runs", 0, "variant"),
            "program",
            "search.zcp.runs.variant: unknown variant 'program of embedded_cell/digits'; did you mean 'programs of",
        ),
        (
            ("search", "zcp", "runs", 1, "variant"),
            "programs",  # there is none of this problem
            "search.zcp.runs.variant: unknown variant 'programs of embedded_chain/digits'",
        ),
        (
            ("search", "zcp", "runs", 0, "variant"),
            "programs",  # which are all that it has
            "search.zcp.runs.guides .of those that features have.: unknown proxy 'synflow'",
        ),
        (("search", "zcp", "runs", 0, "evolved_by"), "sgrp", "unknown method 'sgrp'; did you mean 'srgp'"),
        (("features", "runs", 0, "problem"), "embedded_cell/digit", "did you mean 'embedded_cell/digits'"),
        (
            ("search", "zcp", "runs", 0, "evolved_on"),
            "chian",
            "unknown training set 'chian'; did you mean 'chain'",
        ),
        (
            ("benchmarks", "embedded_cell", "embedded", "accuracies", "embedded"),
            ["nds/DARTS_im.json"],
            "did you mean 'nds/DARTS_in.json'",
        ),
        (
            ("benchmarks", "embedded_cell", "embedded", "accuracies", "embeded"),
            [],
            "unknown recipe 'embeded'; did you mean",
        ),
        (
            ("spaces", "embedded_cell", "source"),
            "embeded",
            "unknown source 'embeded'; did you mean 'embedded'",
        ),
        (
            ("spaces", "embedded_cell", "tasks", "digits", "images"),
            "digit",
            "unknown images 'digit'; did you mean",
        ),
    ],
)
def test_a_name_that_refers_to_nothing_is_answered_with_the_nearest(path, value, message):
    with pytest.raises(ValueError, match=message):
        check(changed(*path, value=value))


def test_a_variant_offers_guides_in_place_of_features_and_beside_published_scores():
    of_features = {"problem": "embedded_cell/digits", "variant": "programs", "guides": ["eznas_a"]}
    check(changed("search", "zcp", "runs", value=[of_features]))
    config = merged("benchmarks.yaml", "config.yaml")
    run = {
        "problem": "nasbench201/cifar10",
        "scores": "released",
        "guides": ["synflow", "eznas_a_wtgradnoise"],
    }
    config["search"]["zcp"]["runs"] = [run]
    with pytest.raises(ValueError, match=r"those that released have.: unknown proxy 'eznas_a_wtgradnoise'"):
        check(config)
    config["search"]["zcp"]["runs"] = [run | {"variant": "programs"}]
    check(config)


def test_formulas_are_made_of_and_compared_with_all_proxies_of_their_source_of_scores():
    for names, beside in ((("quickstart.yaml",), ["eznas_a"]), (("sample.yaml",), []), ((), [])):
        config = filled(merged("benchmarks.yaml", "config.yaml", *names))
        srgp = config["evolution"]["srgp"]
        proxies = config[srgp["scores"]]["proxies"]
        assert proxies == [*SUITE_ZERO, *beside]
        assert srgp["handcrafted"] == proxies
        assert srgp["counts"] == list(ALIASES["structure"])
        training_set = "cell" if names == ("quickstart.yaml",) else "D"
        job = SimpleNamespace(method="srgp", training_set=training_set, seed="0")
        assert Evolution(Run(config, ROOT)).evolve(job)["inputs"] == proxies


def test_a_list_of_inputs_is_kept():
    config = filled(changed("training_sets", "cell", "inputs", value=["snip", "zen"]))
    assert config["training_sets"]["cell"]["inputs"] == ["snip", "zen"]
    assert config["evolution"]["srgp"]["handcrafted"] == config["features"]["proxies"]


def test_structure_stands_for_all_structural_counts():
    assert list(ALIASES["structure"]) == [f"structure_{name}" for name in COUNTS]
    config = filled(changed("training_sets", "cell", "inputs", value=["structure", "snip"]))
    assert config["training_sets"]["cell"]["inputs"] == [*ALIASES["structure"], "snip"]


def test_a_training_set_can_read_other_scores_than_its_method():
    for names, changed_scores in ((("quickstart.yaml",), "released"), ((), "features")):
        config = merged("benchmarks.yaml", "config.yaml", *names)
        name = config["evolution"]["srgp"]["train_on"][0]
        config["training_sets"][name] |= {"scores": changed_scores, "inputs": []}
        job = SimpleNamespace(method="srgp", training_set=name, seed="0")
        evolution = Evolution(Run(filled(config), ROOT))
        found = evolution.evolve(job)
        assert (found["source"], found["completed"]) == (changed_scores, [])
        assert found["inputs"] == evolution.run.config[changed_scores]["proxies"]
        assert all(f"/{changed_scores}/" in path for path in evolution.scores(job))
        assert evolution.computed(job) == []


def test_a_leaderboard_compares_formulas_of_the_same_scores():
    config = merged("benchmarks.yaml", "config.yaml")
    config["training_sets"]["leaderboard_both"]["scores"] = "features"
    with pytest.raises(ValueError, match="leaderboard_both has other problems or scores than"):
        check(config)


def test_a_problem_that_reads_the_scores_of_another_task_needs_none_of_its_own():
    config = merged("benchmarks.yaml", "config.yaml", "quickstart.yaml")
    runs = config["features"]["runs"]
    config["features"]["runs"] = [run for run in runs if run["problem"] != "embedded_chain/turned_digits"]
    config["generalization"]["problems"] = ["embedded_chain/digits"]
    config["search"]["zcp_nasbench101"]["runs"] = []
    problems = {"embedded_chain/turned_digits": 10, "embedded_chain/digits": 20}
    config["training_sets"]["chain"] = {"problems": problems}
    with pytest.raises(
        ValueError, match=r"chain\.problems .*: unknown problem 'embedded_chain/turned_digits'"
    ):
        check(config)
    config["training_sets"]["chain"]["scored_as"] = {"embedded_chain/turned_digits": "embedded_chain/digits"}
    check(config)
    evolution = Evolution(Run(filled(config), ROOT))
    job = SimpleNamespace(method="srgp", training_set="chain", seed="2")
    assert evolution.evolve(job)["problems"] == [
        {"problem": name, "architectures": number, "scored_as": "embedded_chain/digits"}
        for name, number in problems.items()
    ]
    results = "results/quickstart"
    assert evolution.scores(job) == [f"{results}/features/embedded_chain/digits.parquet"] * 2
    assert evolution.accuracies(job) == [f"{results}/accuracies/embedded_chain.parquet"] * 2
    assert evolution.structure(job) == [f"{results}/structure/embedded_chain.parquet"] * 2
    assert f"{results}/features/embedded_chain/turned_digits.parquet" not in evolution.results()


def test_resampled_training_sets_have_another_sample_in_each_run():
    for resampled, expected in ((True, [0, 1, 2]), (False, [0, 0, 0])):
        config = filled(changed("training_sets", "cell", "resampled", value=resampled))
        evolution = Evolution(Run(config, ROOT))
        jobs = [SimpleNamespace(method="srgp", training_set="cell", seed=str(seed)) for seed in range(3)]
        assert [evolution.evolve(job)["sample"] for job in jobs] == expected


def test_our_features_complete_published_scores_of_the_named_problems_alone():
    config = merged("benchmarks.yaml", "config.yaml")
    config["evolution"]["srgp"]["completed"] = ["nasbench201/cifar10"]
    check(config)
    evolution = Evolution(Run(filled(config), ROOT))
    features = ["results/paper/features/nasbench201/cifar10.parquet"]
    for training_set, files in (("D_completed", features), ("D", []), ("D_minus", [])):
        job = SimpleNamespace(method="srgp", training_set=training_set, seed="0")
        assert evolution.computed(job) == files
        assert evolution.evolve(job)["completed"] == ["nasbench201/cifar10"] * len(files)
    judged = SimpleNamespace(method="srgp")
    assert evolution.judged_computed(judged) == features
    assert evolution.generalize(judged)["completed"] == ["nasbench201/cifar10"]


def test_a_name_that_stands_for_several_proxies_is_written_out_once():
    config = filled(changed("features", "proxies", value=["zico", "suite_zero", "snip"]))
    assert config["features"]["proxies"] == ["zico", *SUITE_ZERO]


def test_a_search_by_a_space_that_nobody_knows_is_named():
    with pytest.raises(ValueError, match="written space/task, not 'digits'"):
        check(changed("search", "zcp", "runs", 0, "problem", value="digits"))


def test_a_problem_has_proxies_of_its_own_or_those_of_all_problems():
    config = filled(changed("features", "runs", 1, "proxies", value=["zico", "suite_zero"]))
    first, second, *_ = config["features"]["runs"]
    assert first["proxies"] == config["features"]["proxies"]
    assert second["proxies"] == ["zico", *SUITE_ZERO]


def test_the_programs_of_the_repository_are_those_that_the_full_run_would_evolve():
    """They were evolved on fetched images, whose digest is among the settings."""
    config = merged("benchmarks.yaml", "config.yaml")
    config["programs"]["promoted"] = "resources/evolved/eznas"
    check(config)
    config["programs"]["mu"] = 24
    with pytest.raises(ValueError, match=r"seed-10.json was evolved with mu 25 instead of 24"):
        check(config)

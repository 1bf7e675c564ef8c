"""Names in a configuration that refer to nothing are answered with the nearest one."""

from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from checks import check_references
from defaults import with_proxies
from schema import completed
from zcrepro.fetching.datasets import read_datasets

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
DATASETS = read_datasets(ROOT / "config/datasets.tsv")


def check(config):
    check_references(filled(config), DATASETS, ROOT)


def filled(config):
    """A configuration with its defaults."""
    return with_proxies(completed(config, SCHEMA))


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


def test_shards_that_are_not_there_are_named_with_what_to_do():
    config = merged("benchmarks.yaml", "config.yaml", "sample.yaml")
    config["features"]["draws"] = 4
    with pytest.raises(ValueError, match=r"cifar10/draw-3/zen\.parquet; lower features\.draws, take zen out"):
        check(config)
    config["features"]["draws"] = 3
    config["features"]["proxies"] = ["snip", "zico"]
    with pytest.raises(ValueError, match=r"draw-0/halves\.parquet; lower features\.draws, take zico out"):
        check(config)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("srgp", "train_on"), ["cel"], "srgp.train_on: unknown training set 'cel'; did you mean 'cell'"),
        (("report", "tables"), ["zcp_tabel1"], "unknown table 'zcp_tabel1'; did you mean 'zcp_table1'"),
        (("report", "figures"), ["serch"], "unknown figure 'serch'; did you mean 'search'"),
        (
            ("srgp", "terminals"),
            ["sinflow"],
            "srgp.terminals .of those under features.proxies.: unknown proxy 'sinflow'; did you mean 'synflow'",
        ),
        (("generalization", "handcrafted"), ["zico"], "those under features.proxies.: unknown proxy 'zico'"),
        (("released",), {"proxies": ["sinflow"]}, "released.proxies: unknown proxy 'sinflow'; did you mean"),
        (("search", "algorithms"), ["aging"], "unknown algorithm 'aging'; did you mean 'aging_evolution'"),
        (
            ("generalization", "problems"),
            ["embeded_cell/digits"],
            "unknown space 'embeded_cell'; did you mean",
        ),
        (("generalization", "problems"), ["embedded_cell"], "written <space>/<task>, not 'embedded_cell'"),
        (
            ("generalization", "problems"),
            ["embedded_cell/digit"],
            "unknown problem 'embedded_cell/digit'; did you",
        ),
        (("srgp", "scores"), "released", "the space of 'embedded_cell/digits' has no released scores"),
        (
            ("features", "proxies"),
            ["zen"],
            "search.runs.guides .of those under features.proxies.: unknown proxy 'synflow'",
        ),
        (
            ("features", "runs", 1, "problem"),
            "embedded_cell/digits",
            "'embedded_cell/digits' stands there twice",
        ),
        (
            ("report", "reads", "serch"),
            [],
            "report.reads: unknown table or figure 'serch'; did you mean 'search'",
        ),
        (("features", "runs", 0, "problem"), "embedded_cell/digit", "did you mean 'embedded_cell/digits'"),
        (("search", "runs", 0, "evolved_on"), "chian", "unknown training set 'chian'; did you mean 'chain'"),
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


def test_formulas_are_made_of_and_compared_with_all_proxies_of_their_source_of_scores():
    for names in (("quickstart.yaml",), ("sample.yaml",), ()):
        config = filled(merged("benchmarks.yaml", "config.yaml", *names))
        proxies = config[config["srgp"]["scores"]]["proxies"]
        assert len(proxies) == 13
        assert config["srgp"]["terminals"] == config["generalization"]["handcrafted"] == proxies


def test_a_list_of_terminals_is_kept():
    config = filled(changed("srgp", "terminals", value=["snip", "zen"]))
    assert config["srgp"]["terminals"] == ["snip", "zen"]
    assert config["generalization"]["handcrafted"] == config["features"]["proxies"]


def test_a_table_that_nobody_feeds_is_named():
    config = changed("report", "tables", value=["zcp_search"])
    del config["report"]["reads"]["zcp_search"]
    with pytest.raises(ValueError, match="say what 'zcp_search' reads"):
        check(config)

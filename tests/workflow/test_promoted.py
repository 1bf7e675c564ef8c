"""A run that reads promoted results computes none of them, and its tables read the tracked files."""

import json
import re

import pandas as pd
import pytest
import yaml

from sealing import to_parquet
from zcrepro import provenance
from zcrepro.files.json import write_sealed

pytestmark = pytest.mark.workflow

SHARDS = "resources/released/embedded_cell/digits"
EVOLVED = "resources/evolved/srgp"
SEARCHED = "resources/search/zcp"


@pytest.fixture
def promoted(fresh):
    """A workflow that has not run, whose configuration names tracked files that hold settings alone."""
    config = yaml.safe_load((fresh.folder / "tiny.yaml").read_text())
    names = [f"{SHARDS}/{group}.parquet" for group in provenance.pass_groups(config["features"]["proxies"])]
    for name in names:
        (fresh.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh.folder / name).touch()
    fresh.snakemake("--dry-run")
    for settings in fresh.settings("evolve"):
        settings.pop("sha256")
        name = f"{EVOLVED}/{settings['training_set']}/seed-{settings['repeat']}.json"
        write_sealed(fresh.folder / name, {"settings": settings})
    searches = {
        settings.pop("sha256") and settings["algorithm"]: {"settings": provenance.settings_digest(settings)}
        for settings in fresh.settings("search")
    }
    to_parquet(
        pd.DataFrame({"a": [1]}),
        fresh.folder / f"{SEARCHED}/embedded_cell-digits.parquet",
        {"algorithms": json.dumps(searches)},
    )
    runs = [{"problem": "embedded_cell/digits", "architectures": 30, "shards": SHARDS}]
    fresh.configure(
        features={"runs": runs},
        evolution={"srgp": config["evolution"]["srgp"] | {"promoted": EVOLVED}},
        generalization={"problems": ["embedded_cell/digits"]},
        search={name: {"runs": []} for name in config["search"]}
        | {"zcp": config["search"]["zcp"] | {"promoted": SEARCHED}},
    )
    return fresh


def test_nothing_that_is_promoted_is_computed_and_tables_read_the_tracked_files(promoted):
    jobs = re.findall(
        r"^rule (\w+):\n    input: (.*)\n    output: (.*)$", promoted.snakemake("--dry-run"), re.M
    )
    rules = {rule for rule, _, _ in jobs}
    assert not rules & {"extract", "evolve", "search", "searches"}
    assert rules >= {"features", "generalize", "table"}
    read = {output.split(", ")[0]: inputs.split(", ") for _, inputs, output in jobs}
    formulas = {f"{EVOLVED}/cell/seed-{seed}.json" for seed in range(2)}
    assert f"{SHARDS}/zen.parquet" in read["results/tiny/features/embedded_cell/digits.parquet"]
    assert formulas <= set(read["results/tiny/generalization/srgp.parquet"])
    assert formulas <= set(read["results/tiny/tables/srgp_runs.csv"])
    assert f"{EVOLVED}/few/seed-0.json" in read["results/tiny/leaderboard/tiny.parquet"]
    assert f"{SEARCHED}/embedded_cell-digits.parquet" in read["results/tiny/tables/zcp_search.csv"]


def test_promoted_results_of_other_settings_are_refused_with_what_was_expected_and_found(promoted):
    config = yaml.safe_load((promoted.folder / "tiny.yaml").read_text())
    srgp = config["evolution"]["srgp"] | {"population": 16}
    zcp = config["search"]["zcp"] | {"budget": 11}
    changes = {name: config[name] for name in ("features", "generalization")}
    changes["training_sets"] = {"cell": {"problems": {"embedded_cell/digits": 16}}}
    promoted.configure(**changes, evolution={"srgp": srgp}, search={"zcp": zcp})
    said = promoted.snakemake("--dry-run", ok=False)
    expected = (
        r"cell/seed-1\.json was evolved with problems \[.*'architectures': 15.*\] instead of \[.*: 16.*\]"
    )
    assert re.search(expected, said)
    assert re.search(
        r"cell/seed-1\.json was evolved with options \{.*: 20,.*\} instead of \{.*: 16,.*\}", said
    )
    assert "the searches of aging_evolution in" in said
    assert "were made with other settings than the configuration has" in said

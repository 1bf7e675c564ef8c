"""A run that reads promoted results computes none of them, and its tables read the tracked files."""

import re

import pytest
import yaml

from zcrepro import provenance

pytestmark = pytest.mark.workflow

SHARDS = "resources/released/embedded_cell/digits"
EVOLVED = "resources/evolved/srgp"
SEARCHED = "resources/search/zcp"


@pytest.fixture
def promoted(fresh):
    """A workflow that has not run, whose configuration names tracked folders with empty files."""
    config = yaml.safe_load((fresh.folder / "tiny.yaml").read_text())
    names = [f"{SHARDS}/{group}.parquet" for group in provenance.pass_groups(config["features"]["proxies"])]
    names += [f"{EVOLVED}/cell/seed-{seed}.json" for seed in range(2)]
    names += [f"{SEARCHED}/embedded_cell-digits.parquet"]
    for name in names:
        (fresh.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (fresh.folder / name).touch()
    runs = [{"problem": "embedded_cell/digits", "architectures": 30, "shards": SHARDS}]
    fresh.configure(
        features={"runs": runs},
        evolution={"srgp": config["evolution"]["srgp"] | {"promoted": EVOLVED}},
        generalization={"problems": ["embedded_cell/digits"]},
        search={"zcp": config["search"]["zcp"] | {"promoted": SEARCHED}},
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
    assert f"{SEARCHED}/embedded_cell-digits.parquet" in read["results/tiny/tables/zcp_search.csv"]

"""The tracked scores of what published files lack: whole, of a random sample, and made as the others were."""

import json
from functools import cache
from pathlib import Path

import pytest

import zcrepro
from zcrepro import provenance
from zcrepro.files import parquet
from zcrepro.files.yaml import read_yaml
from zcrepro.spaces.order import random_order

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "resources/released"
NASBENCH201 = FOLDER / "nasbench201/cifar10/gradients.parquet"
SPACES = ("nasbench101", "nasbench301")
RUNS = {run["problem"]: run for run in read_yaml(ROOT / "config/sample.yaml")["features"]["runs"]}
GROUPS = {space: provenance.pass_groups(RUNS[f"{space}/cifar10"]["proxies"]) for space in SPACES}
SHARDS = [(space, group) for space in SPACES for group in GROUPS[space]]

each_shard = pytest.mark.parametrize(("space", "group"), SHARDS)


def shard(space, group):
    return FOLDER / space / "cifar10" / f"{group}.parquet"


@cache
def scores(space, group):
    return parquet.read(shard(space, group)).set_index("arch")


def order(space):
    """The order of all architectures that any pass has scored."""
    texts = {arch for group in GROUPS[space] for arch in scores(space, group).index}
    return random_order(zcrepro.get_space(space), texts)


@each_shard
def test_every_shard_holds_a_prefix_of_one_random_order(space, group):
    found = scores(space, group)
    assert set(found.index) == set(order(space)[: len(found)])
    assert found.index.is_unique
    assert len(found) <= RUNS[f"{space}/cifar10"]["architectures"]
    assert set(found["draw"]) == {0}
    names = GROUPS[space][group]
    assert list(found.columns) == ["graph", "draw", *names, *(f"{name}_status" for name in names)]


@each_shard
def test_every_score_is_defined(space, group):
    found = scores(space, group)
    for name in GROUPS[space][group]:
        assert found[name].notna().all()
        assert set(found[f"{name}_status"]) == {"ok"}


@each_shard
def test_they_were_made_with_the_settings_and_the_minibatch_of_nasbench201(space, group):
    made, others = parquet.metadata(shard(space, group)), parquet.metadata(NASBENCH201)
    assert ROOT / made["promoted"] == shard(space, group)
    assert made["minibatch"] == others["minibatch"]
    assert json.loads(made["how"]) == json.loads(others["how"]) | {"redraw": []}


@pytest.mark.parametrize("space", SPACES)
def test_they_reach_as_far_as_the_readme_says(space):
    section = (FOLDER / "README.md").read_text().partition(f"## {space}/cifar10")[2].partition("\n## ")[0]
    for group, names in GROUPS[space].items():
        assert f"| `{group}` | {', '.join(names)} | {len(scores(space, group)):,} |" in section

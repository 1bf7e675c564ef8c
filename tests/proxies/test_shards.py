"""The tracked scores of NAS-Bench-201 on CIFAR-10: whole, of the right architectures, and of three draws."""

import json
from functools import cache
from pathlib import Path

import pytest

import zcrepro
from zcrepro import provenance
from zcrepro.files import parquet
from zcrepro.proxies.feature_table import AS
from zcrepro.spaces.order import random_order

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "resources/released/nasbench201/cifar10"
SPACE = zcrepro.get_space("nasbench201")
DRAWS = range(3)
PROXIES = ["params", "flops", "l2_norm", "grad_norm", "snip", "grasp", "fisher", "plain", "nwot", "jacov"]
PROXIES += ["epe_nas", "synflow", "synflow_zcp", "log_synflow", "zen", "meco"]
GROUPS = provenance.pass_groups(PROXIES)

UNDEFINED = {
    "the kernel is singular: the images switch too few units differently",
    "the logits do not depend on the images",
    "the features do not depend on the input",
}
"""Of cells without a path, or in whose network two images switch every ReLU alike."""

each_shard = pytest.mark.parametrize(
    ("draw", "group"), [(draw, group) for draw in DRAWS for group in GROUPS], ids=lambda part: str(part)
)


def shard(group):
    return FOLDER / f"{group}.parquet"


@cache
def scores(draw, group):
    found = parquet.read(shard(group))
    statuses = {name: str for name in found.columns if name.endswith("_status")}
    return found[found["draw"] == draw].drop(columns="draw").set_index("arch").astype(statuses)


@cache
def whole_order():
    return random_order(SPACE, [SPACE.text(arch) for arch in SPACE.architectures()])


@each_shard
def test_every_shard_holds_a_prefix_of_the_random_order(draw, group):
    found = scores(draw, group)
    assert set(found.index) == set(whole_order()[: len(found)])
    assert found.index.is_unique
    assert list(found.columns) == ["graph", *GROUPS[group], *(f"{name}_status" for name in GROUPS[group])]


@each_shard
def test_every_score_is_defined_or_says_why_or_is_that_of_an_equal_network(draw, group):
    found = scores(draw, group)
    for name in GROUPS[group]:
        status = found[f"{name}_status"]
        elsewhere = status[status.str.startswith(AS)]
        assert found[name].notna().equals(status == "ok")
        assert set(status[found[name].isna()]) - set(elsewhere) <= UNDEFINED
        for text, original in elsewhere.str.removeprefix(AS).head(50).items():
            assert SPACE.live(SPACE.parse(text)) == SPACE.live(SPACE.parse(original))
            assert original in found.index


def test_they_reach_as_far_as_they_say():
    for group in ("synflow", "structure"):
        assert len(scores(0, group)) == SPACE.size
    for group in ("gradients", "zen"):
        assert scores(0, group)["graph"].nunique() >= 1500
    readme = (ROOT / "resources/released/README.md").read_text()
    table = readme.partition("## nasbench201/cifar10")[2].partition("\n## ")[0]
    for group in GROUPS:
        (row,) = [line for line in table.splitlines() if line.startswith(f"| `{group}`")]
        for draw, cell in enumerate(row.strip("| ").split(" | ")[-len(DRAWS) :]):
            assert cell == f"{len(scores(draw, group)):,}"


def test_each_file_says_where_it_is_tracked():
    for group in GROUPS:
        assert ROOT / parquet.metadata(shard(group))["promoted"] == shard(group)


def test_their_counts_are_those_of_the_proved_networks():
    counted = scores(0, "structure")
    for text in whole_order()[::500]:
        arch = SPACE.parse(text)
        assert counted.loc[text, "params"] == SPACE.parameters(arch, "cifar10")
        assert counted.loc[text, "flops"] == SPACE.flops(arch, "cifar10")


def test_draws_differ_in_their_weights_and_share_their_minibatch():
    made = parquet.metadata(shard("gradients"))
    assert json.loads(made["how"])["redraw"] == ["weights"]
    assert len(set(json.loads(made["minibatch"]))) == 64
    for group, name in (("gradients", "snip"), ("synflow", "synflow"), ("structure", "l2_norm")):
        first, second, third = (scores(draw, group)[name].dropna() for draw in DRAWS)
        common = first.index.intersection(second.index).intersection(third.index)
        alive = common[first[common] != 0]
        assert (first[alive] != second[alive]).all()
        assert (second[alive] != third[alive]).all()
        assert first[alive].corr(second[alive], method="spearman") > 0.9
    assert (
        scores(0, "structure")["params"]
        .reindex(scores(1, "structure").index)
        .equals(scores(1, "structure")["params"])
    )

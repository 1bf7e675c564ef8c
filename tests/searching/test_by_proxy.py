"""The public search by a proxy."""

import importlib
import linecache
import math
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pandas as pd
import pytest
import torch
from torch import nn

import zcrepro
from zcrepro import progress, provenance
from zcrepro.images.noise import random_batch
from zcrepro.scoring import score
from zcrepro.searching import by_proxy
from zcrepro.spaces.base import CategoricalSpace, TaskShape

ROOT = Path(__file__).parents[2]
SPACE = zcrepro.get_space("embedded_chain")


def search(proxy="params", **options):
    return zcrepro.search("embedded_chain", proxy, batch_size=2, **options)


def test_one_row_per_graph_best_first():
    found = search(evaluations=60)
    assert list(found.columns) == ["arch", "params", "status", "front"]
    assert found["params"].is_monotonic_decreasing
    assert found["front"].tolist() == [True, *[False] * (len(found) - 1)]
    graphs = [SPACE.canonical(SPACE.parse(text)) for text in found["arch"]]
    assert len(set(graphs)) == len(graphs)


def test_a_row_holds_the_score_of_its_network_on_the_one_batch():
    found = search("snip", task="turned_digits", evaluations=6, seed=3)
    shape = SPACE.task_shape("turned_digits")
    batch = random_batch(2, shape.input, shape.classes, 3)
    for arch, value, status, _ in found.itertuples(index=False):
        expected = zcrepro.score(SPACE.network(SPACE.parse(arch), "turned_digits", 3), *batch, ["snip"], 3)
        assert (value, status) == (expected["snip"], expected.status["snip"])


def test_the_smallest_score_is_first_if_lower_is_better():
    lower = next(name for name, proxy in zcrepro.list_proxies().items() if proxy.direction == "lower")
    scores = search(lower, evaluations=8)[lower].dropna()
    assert len(scores) > 1
    assert scores.is_monotonic_increasing


def test_undefined_scores_are_last_and_say_why():
    found = zcrepro.search("embedded_chain", "jacov", batch_size=1, evaluations=4)
    assert all(map(math.isnan, found["jacov"]))
    assert set(found["status"]) == {"a batch of one has nothing to correlate"}


def test_a_search_is_a_function_of_its_seed_and_changes_no_global_generator():
    before = torch.get_rng_state()
    first, again, other = (search("snip", evaluations=6, seed=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_first_task_is_the_default():
    pd.testing.assert_frame_equal(search("snip", evaluations=4), search("snip", task="digits", evaluations=4))


@pytest.mark.parametrize("option", ["evaluations", "pool", "tournament", "batch_size"])
def test_a_number_below_one_is_refused(option):
    with pytest.raises(ValueError, match=f"{option} must be at least 1, but is 0"):
        zcrepro.search("embedded_chain", "params", **{option: 0})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("embeded_chain",), "unknown space 'embeded_chain'; did you mean 'embedded_chain'"),
        (("embedded_chain", "synflw"), "unknown proxies 'synflw'; did you mean 'synflow'"),
        (("embedded_chain", "synflow", "x"), "has no task 'x'; it has"),
    ],
)
def test_an_unknown_name_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        zcrepro.search(*arguments)


def test_several_proxies_have_a_front_that_no_other_architecture_dominates():
    found = search(["params", "flops"], evaluations=80)
    front = found[found["front"]]
    assert found["front"].tolist() == sorted(found["front"], reverse=True)
    for row in found.itertuples():
        better = front[(front["params"] >= row.params) & (front["flops"] >= row.flops)]
        assert row.front or len(better)
    assert search(["params", "ntk_condition"], evaluations=3).columns.tolist()[1:3] == [
        "params",
        "ntk_condition",
    ]


def test_no_architecture_is_beyond_the_limits():
    task = next(iter(SPACE.tasks))
    for limits in ({"max_params": 20_000}, {"max_flops": 1e6}):
        found = search(evaluations=60, **limits)
        archs = [SPACE.parse(text) for text in found["arch"]]
        costs = [(SPACE.parameters(arch, task), SPACE.flops(arch, task)) for arch in archs]
        assert max(cost[list(limits) == ["max_flops"]] for cost in costs) <= next(iter(limits.values()))
    with pytest.raises(ValueError, match="none of 1000 random architectures of embedded_chain is within"):
        search(max_params=1)


def test_the_result_names_the_algorithm_and_says_that_a_space_without_edits_is_sampled():
    assert search(evaluations=2).attrs["algorithm"] == "regularized evolution"
    found = zcrepro.search("nasbenchnlp", "params", evaluations=4, pool=2, tournament=2, batch_size=2)
    assert found.attrs["algorithm"] == "random search, as the space has no edits"
    assert found["params"].notna().all()


def test_a_search_ends_when_its_time_is_over(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def slow(*network_and_batch):
        clock[0] += 20
        return float(len(network_and_batch))

    assert len(search(slow, minutes=1)) == 3  # proposed after 0, 20 and 40 seconds


def test_a_search_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(tmp_path, monkeypatch):
    whole = search("snip", evaluations=12)
    scored = []

    def killed(network, *rest):
        if len(scored) == 5:
            raise KeyboardInterrupt
        scored.append(network)
        return score(network, *rest)

    monkeypatch.setattr(by_proxy, "score", killed)
    with pytest.raises(KeyboardInterrupt):
        search("snip", evaluations=12, journal=tmp_path / "found.json")
    scored[:] = [None] * 6  # the counter is past the one that kills
    pd.testing.assert_frame_equal(search("snip", evaluations=12, journal=tmp_path / "found.json"), whole)
    assert len(scored) == 6 + len(whole) - 5
    again = len(scored)
    pd.testing.assert_frame_equal(
        search("snip", evaluations=12, seed=1, journal=tmp_path / "found.json"),
        search("snip", evaluations=12, seed=1),
    )
    assert len(scored) > again  # another search does not read the scores of this one


def test_the_scores_of_another_proxy_or_formula_are_not_read_again():
    one, other = by_proxy._made(SPACE, {"snip": "snip"}), by_proxy._made(SPACE, {"zen": "zen"})
    assert one["code"] != other["code"]
    files = [ROOT / f"resources/evolved/eznas/nasbench201/seed-{seed}.json" for seed in (0, 1)]
    loaded = [by_proxy._made(SPACE, {"x": zcrepro.load_proxy(file)}) for file in files]
    assert loaded[0]["evolved"] != loaded[1]["evolved"]


@pytest.mark.parametrize(
    "edited",
    ["zcrepro.spaces.embedded_chain", "zcrepro.proxies.epe_nas"],
    ids=["the space", "an input of the formula"],
)
def test_scores_by_code_that_was_edited_are_not_read_again(monkeypatch, edited):
    formula = zcrepro.load_proxy(ROOT / "resources/evolved/srgp/D_training/seed-0.json")
    assert "epe_nas" in formula.terminals
    before = by_proxy._made(SPACE, {"x": formula})
    files = provenance._files
    monkeypatch.setattr(
        provenance, "_files", lambda module: [(".py", b"edited")] if module == edited else files(module)
    )
    after = by_proxy._made(SPACE, {"x": formula})
    assert {name for name in before if before[name] != after[name]} == {"code"}


OWN = """
from torch import nn
from zcrepro.spaces.embedded_chain import EmbeddedChain

def size(network, *batch):
    return {size}

class Mine(EmbeddedChain):
    name = "mine"
"""


def test_scores_by_a_function_of_ones_own_that_was_edited_are_not_read_again(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    tops = []
    for size in ("1.0", "2.0"):
        (tmp_path / "own_size.py").write_text(OWN.format(size=size))
        linecache.clearcache()
        sys.modules.pop("own_size", None)
        mine = importlib.import_module("own_size")
        found = zcrepro.search(
            mine.Mine(), mine.size, evaluations=4, batch_size=2, journal=tmp_path / "found"
        )
        tops.append(found["size"].max())
    assert tops == [1.0, 2.0]
    sys.modules.pop("own_size")


def test_a_score_without_source_has_no_journal(tmp_path):
    search(partial(lambda value, *_: value, 1.0), evaluations=2)
    with pytest.raises(
        ValueError, match=r"keeps a journal only if the source of functools\.partial.* can be read"
    ):
        search(partial(lambda value, *_: value, 1.0), evaluations=2, journal=tmp_path / "found")


@pytest.mark.parametrize("minutes", [0, -1, math.nan, math.inf])
def test_minutes_are_a_number_above_zero(minutes):
    with pytest.raises(ValueError, match=f"minutes must be a number above 0, but is {minutes}"):
        search(minutes=minutes)


def test_a_space_and_a_score_of_ones_own_are_searched():
    """The ten lines of the documentation."""

    class Mine(CategoricalSpace):
        name, operations, length = "mine", ("relu", "tanh"), 3
        tasks: ClassVar = {"toy": TaskShape((1, 2, 2), (2,))}

        def text(self, arch):
            return "-".join(arch)

        def parse(self, text):
            return self._checked(text.split("-"), text)

        def canonical(self, arch):
            return self.text(arch)

        def blueprint(self, arch, task):
            del task
            layers = {"relu": nn.ReLU, "tanh": nn.Tanh}
            return nn.Sequential(nn.Flatten(), nn.Linear(4, 2), *(layers[each]() for each in arch))

    def tanhs(network, *batch):
        del batch
        return float(sum(isinstance(layer, nn.Tanh) for layer in network))

    found = zcrepro.search(Mine(), tanhs, evaluations=60, batch_size=2)
    assert found["arch"].iloc[0] == "tanh-tanh-tanh"
    assert found["tanhs"].tolist() == sorted(found["tanhs"], reverse=True)
    broken = zcrepro.search(Mine(), lambda *_: float("inf"), evaluations=2, batch_size=2)
    assert broken["status"].unique().tolist() == ["the score is inf"]
    both = zcrepro.search(Mine(), [tanhs, "params"], evaluations=20, batch_size=2)
    assert both["status"].unique().tolist() == ["ok"]


def test_proxies_without_a_name_of_their_own_are_refused():
    with pytest.raises(ValueError, match="different names, not params, params"):
        search(["params", "params"])
    with pytest.raises(ValueError, match="different names, not none"):
        search([])

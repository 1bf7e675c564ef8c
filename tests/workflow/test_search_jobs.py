"""What the jobs of searches read and make: live ones, and those guided by variants of features."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.live import Live
from jobs.run import Run
from jobs.searching import Searching

RESULTS = "results/test"
FILES = {
    "images/batch.bin": "sha256:" + "1" * 64,
    "model.onnx": "sha256:" + "2" * 64,
    "encoding.json": "sha256:" + "3" * 64,
}
IMAGES = {"images": "cifar10", "files": ["images/batch.bin"]}

LIVE = {
    "minutes": 15,
    "evaluations": 100,
    "alive": 8,
    "tournament": 4,
    "repeats": 1,
    "batch_size": 16,
    "runs": [
        {
            "name": "formula",
            "problem": "nasbench201/cifar10",
            "guide": "",
            "evolved_on": "D",
            "evolved_by": "srgp",
            "surrogate": [],
            "options": {},
            "promoted": "",
        },
        {
            "name": "proxy",
            "problem": "nasbench301/cifar10",
            "guide": "nwot",
            "evolved_on": "",
            "evolved_by": "srgp",
            "surrogate": ["model.onnx", "encoding.json"],
            "options": {"minutes": 0, "repeats": 30},
            "promoted": "",
        },
    ],
}

SEARCHED = {
    "problem": "nasbench201/cifar100",
    "scored_as": "",
    "scores": "features",
    "variant": "",
    "guides": ["snip"],
    "evolved_on": "",
    "evolved_by": "srgp",
}
SEARCH = SimpleNamespace(experiment="one", space="nasbench201", task="cifar100", algorithm="random_search")


def run(**changes):
    config = {
        "run": "test",
        "seed": 3,
        "device": "cpu",
        "torch_threads": 1,
        "spaces": {name: {"tasks": {"cifar10": IMAGES}} for name in ("nasbench201", "nasbench301")},
        "training_sets": {"D": {"repeats": 2, "inputs": ["snip"]}},
        "evolution": {"srgp": {"repeats": 3, "promoted": ""}},
        "live": LIVE,
    }
    datasets = {name: {"digest": digest, "member_digest": ""} for name, digest in FILES.items()}
    return Run(config | changes, Path("/checkout"), datasets)


def of(name):
    return SimpleNamespace(live=name)


def test_a_live_search_and_its_seconds_are_results_and_the_record_is_a_target():
    live = Live(run())
    tables = {
        f"live/{name}": f"{RESULTS}/live/{name}.parquet"
        for name in ("formula", "formula-seconds", "proxy", "proxy-seconds")
    }
    assert live.tables() == tables
    assert live.results() == list(tables.values())
    assert live.records() == [tables["live/formula"], tables["live/proxy"]]


def test_promoted_live_searches_are_read_where_they_are_tracked_and_only_made_when_asked_for():
    formula, proxy = LIVE["runs"]
    live = Live(run(live=LIVE | {"runs": [formula, proxy | {"promoted": "resources/live"}]}))
    assert live.tables()["live/proxy-seconds"] == "/checkout/resources/live/proxy-seconds.parquet"
    assert live.results() == [f"{RESULTS}/live/{name}.parquet" for name in ("formula", "formula-seconds")]
    assert live.records() == [f"{RESULTS}/live/{name}.parquet" for name in ("formula", "proxy")]


def test_a_live_search_by_a_formula_reads_the_formulas_of_its_training_set_and_the_accuracies():
    live = Live(run())
    assert live.formulas(of("formula")) == [f"{RESULTS}/evolved/srgp/D/seed-{seed}.json" for seed in range(2)]
    assert live.accuracies(of("formula")) == [f"{RESULTS}/accuracies/nasbench201.parquet"]
    assert live.surrogate(of("formula")) == []
    made = live.search(of("formula"))
    assert made == {
        **{name: value for name, value in LIVE.items() if name != "runs"},
        "space": "nasbench201",
        "task": "cifar10",
        "images": "cifar10",
        "digests": [FILES["images/batch.bin"]],
        "guides": [],
        "seed": 3,
        "device": "cpu",
        "torch_threads": 1,
    }


def test_a_surrogate_stands_for_accuracies_and_its_files_are_verified_behind_the_images():
    live = Live(run())
    assert live.formulas(of("proxy")) == live.accuracies(of("proxy")) == []
    assert live.images(of("proxy")) == ["data/images/batch.bin"]
    assert live.surrogate(of("proxy")) == ["data/model.onnx", "data/encoding.json"]
    made = live.search(of("proxy"))
    assert (made["guides"], made["digests"]) == (["nwot"], list(FILES.values()))


def test_options_of_a_live_search_replace_those_of_the_section():
    live = Live(run())
    of_both = [live.search(of(name)) for name in ("formula", "proxy")]
    assert [(made["minutes"], made["repeats"], made["alive"]) for made in of_both] == [(15, 1, 8), (0, 30, 8)]


VARIANT = f"{RESULTS}/features-whole/nasbench201/cifar10.parquet"


@pytest.mark.parametrize(
    ("changes", "files"),
    [
        ({}, [f"{RESULTS}/features/nasbench201/cifar100.parquet"]),
        ({"scores": "released"}, [f"{RESULTS}/released/nasbench201.parquet"]),
        (
            {"variant": "whole", "scored_as": "nasbench201/cifar10"},  # it has all scores itself
            [VARIANT],
        ),
        (
            {"variant": "whole", "scored_as": "nasbench201/cifar10", "scores": "released"},
            [f"{RESULTS}/released/nasbench201.parquet", VARIANT],
        ),
    ],
)
def test_a_variant_is_read_behind_published_scores_or_in_place_of_features(changes, files):
    search = {"one": {"promoted": "", "algorithms": ["random_search"], "runs": [SEARCHED | changes]}}
    searching = Searching(run(search=search))
    assert searching.scores(SEARCH) == files
    assert set(files) <= set(searching.results())
    promoted = {"one": search["one"] | {"promoted": "resources/search/one"}}
    assert Searching(run(search=promoted)).results() == []


def test_a_live_search_that_stops_by_evaluations_is_costed_by_its_space_and_its_proxies():
    formula, proxy = LIVE["runs"]
    counted = formula | {"name": "counted", "options": {"minutes": 0}}
    sets = {"D": {"repeats": 2, "scores": "features", "inputs": ["snip", "zen"]}}
    live = Live(run(live=LIVE | {"runs": [formula, proxy, counted]}, training_sets=sets))
    assert live.costed_as("live/proxy-seconds.parquet") == ["live/evaluations/nasbench301/gradients/nwot"]
    assert live.costed_as("live/counted-seconds.parquet") == [
        "live/evaluations/nasbench201/gradients/snip",
        "live/evaluations/nasbench201/zen/zen",
    ]
    by_clock = "live/formula-seconds.parquet"
    assert live.costed_as(by_clock) == [by_clock]
    assert (live.clock_seconds("formula"), live.evaluations("proxy")) == (900, 3000)
